import static org.neo4j.configuration.GraphDatabaseSettings.auth_enabled;

import java.nio.file.Path;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/**
 * Neo4j community on Bolt, on loopback and without a password: {@code java -cp 'JARS/*' Neo4j.java DATA_FOLDER PORT}. Prints {@code ready}
 * once it listens. SIGTERM shuts it down in order; after SIGKILL it recovers from its transaction log.
 */
public final class Neo4j {
  public static void main(String[] arguments) throws InterruptedException {
    Path data = Path.of(arguments[0]);
    SocketAddress address = new SocketAddress("127.0.0.1", Integer.parseInt(arguments[1]));
    DatabaseManagementService service =
        new DatabaseManagementServiceBuilder(data)
            .setConfig(BoltConnector.enabled, true)
            .setConfig(BoltConnector.listen_address, address)
            .setConfig(auth_enabled, false)
            .build();
    Runtime.getRuntime().addShutdownHook(new Thread(service::shutdown));
    System.out.println("ready");
    Thread.currentThread().join();
  }
}
