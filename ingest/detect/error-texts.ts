import type { Category } from '../../src/model/categories.js';
import { controlPlaneTexts } from './control-plane-texts.js';
import { pathIn } from './path-in.js';
import { volumeTexts } from './volume-texts.js';
import { peersIn } from '../transform/peers.js';

export type Attributes = Record<string, string | number | boolean>;
type Extract = (match: RegExpExecArray, attributes: Attributes, text: string) => void;

export interface ErrorText {
  readonly pattern: RegExp;
  readonly category: Category;
  readonly error?: string;
  /** The text speaks of somebody that was called: name the peer. */
  readonly call?: boolean;
  readonly extract?: Extract;
}

const path: Extract = (match, attributes, text) => {
  const found = pathIn(text, match.index) ?? pathIn(text, 0);
  if (found !== null) attributes.path = found;
};

/**
 * Error texts by what they mean, most specific first: a line that names an expired certificate is not just a failed connection.
 * Spellings of Node, Go, Java, Python, .NET, Ruby, nginx, curl, and of the common databases.
 */
export const errorTexts: readonly ErrorText[] = [
  ...controlPlaneTexts,
  ...volumeTexts,
  {
    // CoreDNS: its Corefile cannot be read, or its upstream is itself.
    pattern: /Corefile:\d+ - Error during parsing: .*|plugin\/loop: Loop \([^)]*\) detected.*/,
    category: 'dns.config-invalid',
    extract: (match, attributes) => {
      attributes.problem = match[0].slice(0, 200);
    },
  },
  {
    pattern:
      /plugin\/errors: \d+ (\S+?)\.? (?:A|AAAA|SRV|PTR|HTTPS|MX|TXT): (?:read|dial|write) (?:udp|tcp) \S+->(\S+?:53): /,
    category: 'dns.upstream-failed',
    extract: (match, attributes) => {
      attributes.name = bare(match[1]!);
      attributes.upstream = match[2]!;
    },
  },
  {
    // Ports of the proxies of Istio and Linkerd on the pod's own address: nobody listens there yet.
    pattern:
      /(?:(?:127\.0\.0\.1|localhost|\[::1\]):(15001|15006|15020|15021|15090|41(?:40|43|91))\b.*?(?:ECONNREFUSED|[Cc]onnection refused))|(?:(?:ECONNREFUSED|[Cc]onnection refused).*?(?:127\.0\.0\.1|localhost|\[::1\]):(15001|15006|15020|15021|15090|41(?:40|43|91))\b)/,
    category: 'app.starts-before-proxy',
    error: 'ECONNREFUSED',
    extract: (match, attributes) => {
      attributes.port = Number(match[1] ?? match[2]);
    },
  },
  {
    pattern: /RBAC: access denied/,
    category: 'call.unauthorized',
    error: 'RBAC',
    call: true,
  },
  {
    // Envoy's own words about a peer that wants TLS, or speaks none.
    pattern:
      /upstream connect error or disconnect\/reset before headers.*(?:TLS|SSL|connection termination)|TLS_error|TLS error/,
    category: 'call.reset',
    error: 'TLS',
    call: true,
  },
  {
    // connect(2) found no free port; the same error of bind(2) is about an address that the machine does not have.
    pattern: /^(?!.*\b(?:bind|listen)\b).*(?:EADDRNOTAVAIL|[Cc]annot assign requested address)/s,
    category: 'app.ephemeral-ports-exhausted',
    error: 'EADDRNOTAVAIL',
    call: true,
  },
  {
    // JDBC drivers and pools say how long a connection had rested before it was found cut.
    pattern:
      /last packet successfully received from the server was ([\d,.]+) milliseconds ago|consider using a shorter maxLifetime value|terminating connection due to idle-session timeout|closed due to inactivity|idle (?:connection|session) (?:was )?(?:closed|reset|cut|timed out)/i,
    category: 'network.idle-timeout',
    error: 'ECONNRESET',
    extract: (match, attributes, text) => {
      if (match[1]) attributes.idleMs = Number(match[1].replace(/[,.]/g, ''));
      Object.assign(attributes, firstPeer(text));
    },
  },
  {
    // Hubble and the agent of Cilium: drop reasons 155 and 160 to 162.
    pattern:
      /CT: Map insertion failed|No mapping for NAT masquerade|Failed to insert.*(?:NAT|CT) map|Unable to (?:insert|update).*\bmap\b.*(?:full|argument list too long|E2BIG)/,
    category: 'node.bpf-map-full',
  },
  {
    pattern:
      /\b(?:license|licence|subscription|trial|api[ -]key|access key|credentials?)\b[^.]{0,40}\b(?:has |have |is |are )?expired|LicenseExpired|license (?:is )?(?:invalid|no longer valid)/i,
    category: 'app.license-expired',
    extract: (match, attributes) => {
      attributes.credential = (
        /license|licence|subscription|trial|api[ -]key|access key|credential/i.exec(match[0])?.[0] ?? 'license'
      ).toLowerCase();
    },
  },
  {
    pattern:
      /(?:(?:status|HTTP|returned|respon(?:se|ded)|answered|got|code)\D{0,12}429\b|429 Too Many Requests|\bToo Many Requests\b|rate[ -]?limit(?:ed)?(?: has been| was)? (?:exceeded|reached|hit)|RateLimitExceeded|ThrottlingException|(?:quota|RESOURCE_EXHAUSTED).*(?:per (?:second|minute|hour|day)|rate))/i,
    category: 'call.rate-limited',
    error: '429',
    call: true,
  },
  {
    // Redis and its kin: a password is wanted where none is sent, or another one.
    pattern: /\bNOAUTH\b|ERR AUTH <password> called without any password|Client sent AUTH, but no password is set/,
    category: 'db.password-required',
    error: 'NOAUTH',
    call: true,
  },
  {
    pattern: /OOM command not allowed|maxmemory.*reached|SERVER_ERROR out of memory storing object/,
    category: 'db.memory-exhausted',
    error: 'OOM',
    call: true,
  },
  {
    // The store's own words when another instance takes over: Patroni, Redis Sentinel, MongoDB, MySQL's group replication, CloudNativePG.
    pattern:
      /promoted self to leader|no action\. I am .*the leader with the lock.*promot|\+switch-master|[Tt]ransition to (?:primary complete|SECONDARY|PRIMARY)|election (?:succeeded|won).*(?:primary|term)|[Ff]ailover (?:completed|complete|finished)|new primary (?:elected|instance)/,
    category: 'db.failover',
  },
  {
    // PostgreSQL's log_lock_waits and MySQL's deadlock monitor name who waits for whom.
    pattern:
      /still waiting for \w+ on (?:transaction|relation|tuple|page)\b.*|Lock wait timeout exceeded|ERROR:\s+canceling statement due to lock timeout|could not obtain lock on/,
    category: 'db.lock-contention',
  },
  {
    pattern: /canceling statement due to conflict with recovery|terminating connection due to conflict with recovery/,
    category: 'db.replication-lag',
  },
  {
    // One message, by its id or offset, that its reader cannot take.
    pattern:
      /(?:(?:failed|unable|error|cannot|could not|exception)\b.{0,40}?(?:process|handl|consum|deseriali[sz]|decod|pars)\w*\b.{0,40}?\b(?:message|record|event|job|task)\b.{0,60}?(?:\b(?:id|offset|seq(?:uence)?|key|delivery[ _]?tag)\b)[ =:"'#]{1,3}([\w.@:-]+))/i,
    category: 'app.poison-message',
    extract: (match, attributes) => {
      attributes.messageId = match[1]!;
    },
  },
  {
    pattern:
      /(?:User "([^"]+)" )?cannot (get|list|watch|create|update|patch|delete|deletecollection|impersonate|use|bind|escalate) (?:resource|path) "([^"]+)"(?: in API group "([^"]*)")?(?: in the namespace "([^"]+)")?/,
    category: 'rbac.forbidden',
    error: '403',
    extract: (match, attributes) => {
      if (match[1]) attributes.subject = match[1];
      const account = /^system:serviceaccount:([^:]+):(.+)$/.exec(match[1] ?? '');
      if (account) attributes.serviceAccount = account[2]!;
      if (account) attributes.serviceAccountNamespace = account[1]!;
      attributes.verb = match[2]!;
      attributes.resource = match[3]!;
      if (match[4]) attributes.apiGroup = match[4];
      if (match[5]) attributes.namespace = match[5];
    },
  },
  {
    // The API server's own words about an object that a program asks it for.
    pattern: /\b(configmaps?|secrets?) "([^"]+)" not found/i,
    category: 'config.object-missing',
    error: '404',
    extract: (match, attributes) => {
      const kind = /^configmap/i.test(match[1]!) ? 'ConfigMap' : 'Secret';
      attributes.missing = `${kind}/${match[2]!}`;
      attributes.missingKind = kind;
      attributes.missingName = match[2]!;
    },
  },
  {
    pattern:
      /CERT_HAS_EXPIRED|certificate has expired(?! or is not yet valid)|certificate has expired or is not yet valid: current time \S+ is after|certificate expired|CertificateExpiredException|SSLV3_ALERT_CERTIFICATE_EXPIRED/i,
    category: 'tls.certificate-expired',
    error: 'CERT_HAS_EXPIRED',
    call: true,
  },
  {
    pattern:
      /CERT_NOT_YET_VALID|certificate is not yet valid|certificate has expired or is not yet valid: current time \S+ is before|CertificateNotYetValidException/i,
    category: 'tls.certificate-not-yet-valid',
    error: 'CERT_NOT_YET_VALID',
    call: true,
  },
  {
    pattern: /certificate has expired or is not yet valid/i,
    category: 'tls.certificate-expired',
    error: 'CERT_HAS_EXPIRED',
    call: true,
  },
  {
    pattern:
      /UNABLE_TO_VERIFY_LEAF_SIGNATURE|unable to verify the first certificate|unable to get (?:local )?issuer certificate|self[- ]signed certificate|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|certificate signed by unknown authority|certificate verify failed|CERTIFICATE_VERIFY_FAILED|PKIX path building failed|SSLHandshakeException|Hostname\/IP does not match certificate|ERR_TLS_CERT_ALTNAME_INVALID|certificate is (?:not )?valid for|cannot validate certificate|bad certificate|unknown ca\b|certificate signature failure|DECRYPTION_FAILED_OR_BAD_RECORD_MAC|wrong version number|EPROTO|tls: first record does not look like a TLS handshake|http: server gave HTTP response to HTTPS client/i,
    category: 'tls.verification-failed',
    error: 'TLS',
    call: true,
    extract: (match, attributes) => {
      attributes.tlsError = match[0];
    },
  },
  {
    pattern:
      /getaddrinfo (ENOTFOUND|EAI_AGAIN|EAI_FAIL)(?: (\S+))?|(?:queryA|queryAaaa|querySrv) (ENOTFOUND|ESERVFAIL|ETIMEOUT)(?: (\S+))?/,
    category: 'dns.failed',
    call: true,
    extract: (match, attributes) => {
      attributes.error = (match[1] ?? match[3])!;
      const name = match[2] ?? match[4];
      if (name) attributes.name = bare(name);
    },
  },
  {
    pattern:
      /\blookup ([\w.-]+)(?: on ([\d.]+:\d+|\[[0-9a-f:]+\]:\d+))?: (no such host|server misbehaving|.*i\/o timeout|.*connection refused|.*Temporary failure)/i,
    category: 'dns.failed',
    extract: (match, attributes) => {
      attributes.name = bare(match[1]!);
      if (match[2]) attributes.dnsServer = match[2];
      attributes.error = /no such host/i.test(match[3]!) ? 'ENOTFOUND' : 'EAI_AGAIN';
    },
  },
  {
    pattern:
      /(?:UnknownHostException:? |[Cc]ould not resolve (?:host(?:name)?|proxy):? '?|Failed to resolve '|host not found in upstream "|could not translate host name "|No address associated with hostname:? ?|Failed to resolve )([\w.-]+)/,
    category: 'dns.failed',
    extract: (match, attributes) => {
      attributes.name = bare(match[1]!);
      attributes.error = 'ENOTFOUND';
    },
  },
  {
    // nslookup of BusyBox and BIND, as init containers wait with it.
    pattern: /server can't find ([\w.-]+): (?:NXDOMAIN|SERVFAIL)/,
    category: 'dns.failed',
    extract: (match, attributes) => {
      attributes.name = bare(match[1]!);
      attributes.error = 'ENOTFOUND';
    },
  },
  {
    pattern:
      /\bENOTFOUND\b|NXDOMAIN|[Nn]ame or service not known|nodename nor servname provided|no such host|Name does not resolve|Unknown host/,
    category: 'dns.failed',
    error: 'ENOTFOUND',
    call: true,
  },
  {
    pattern:
      /\bEAI_AGAIN\b|SERVFAIL|Temporary failure in name resolution|server misbehaving|Try again.*name resolution/i,
    category: 'dns.failed',
    error: 'EAI_AGAIN',
    call: true,
  },
  {
    pattern:
      /(?:missing|required|mandatory|unset|undefined|no value for|not set|not defined|must (?:be set|set|provide|specify))\b[^.]{0,40}?\b(?:setting|env(?:ironment)?(?: ?var(?:iable)?)?|variable|config(?:uration)?(?: (?:key|value|option))?|option|parameter|property)s?\b[:\s]*['"`]?([A-Za-z_][\w.-]*)?/i,
    category: 'config.setting-missing',
    extract: (match, attributes) => {
      if (match[1]) attributes.setting = match[1];
    },
  },
  {
    pattern:
      /(?:setting|environment variable|env(?:ironment)? var|config(?:uration)? (?:key|option))\s+['"`]?([A-Za-z_][\w.-]*)['"`]?\s+(?:is |was )?(?:missing|required|not set|not defined|undefined|empty|must be set)/i,
    category: 'config.setting-missing',
    extract: (match, attributes) => {
      attributes.setting = match[1]!;
    },
  },
  {
    pattern:
      /(?:([A-Z][A-Z0-9_]{2,}) (?:is required|is not set|must be set|not set|is missing|environment variable is not set)|KeyError: '([A-Z][A-Z0-9_]{2,})')/,
    category: 'config.setting-missing',
    extract: (match, attributes) => {
      attributes.setting = (match[1] ?? match[2])!;
    },
  },
  {
    // ENOEXEC, from the container runtime's init or a shell: the kernel knows no such format of programs.
    pattern: /exec format error|cannot execute binary file/i,
    category: 'image.wrong-platform',
    error: 'ENOEXEC',
  },
  {
    pattern:
      /EADDRINUSE|[Aa]ddress already in use|Only one usage of each socket address|[Pp]ort (\d+) (?:is|was) already (?:in use|allocated)/,
    category: 'app.port-in-use',
    error: 'EADDRINUSE',
    extract: (match, attributes, text) => {
      const port = match[1] ?? /:(\d{2,5})\b/.exec(text.slice(match.index))?.[1] ?? /:(\d{2,5})\b/.exec(text)?.[1];
      if (port) attributes.port = Number(port);
    },
  },
  {
    // ENOSPC and EMFILE of inotify_add_watch and inotify_init: limits of the node, not disk space or open files.
    pattern:
      /System limit for number of file watchers reached|inotify.*(?:no space left on device|too many open files)|fsnotify watcher.*(?:too many open files|no space left)|(?:no space left on device|too many open files).*inotify|user limit \(inotify_\w+\)|inotify watch limit reached/i,
    category: 'node.inotify-exhausted',
    error: 'ENOSPC',
  },
  {
    pattern:
      /(?:Failed to execute|error (?:running|executing)|[Ss]ync(?:ing)? (?:proxy )?(?:rules|failed)).*(?:iptables|nft|ipvs|proxy rules)|holding the xtables lock/,
    category: 'node.proxy-stale',
  },
  { pattern: /\bE[MN]FILE\b|too many open files/i, category: 'app.file-descriptors-exhausted', error: 'EMFILE' },
  {
    pattern:
      /\bENOSPC\b|[Nn]o space left on device|There is not enough space on the disk|could not extend file|disk (?:is )?full|Disk quota exceeded|\bEDQUOT\b/,
    category: 'volume.full',
    error: 'ENOSPC',
    extract: path,
  },
  { pattern: /\bEROFS\b|[Rr]ead-only file ?system/, category: 'volume.read-only', error: 'EROFS', extract: path },
  {
    pattern:
      /unable to create (?:new )?native thread|can't start new thread|pthread_create failed|fork: retry|fork: Resource temporarily unavailable|Resource temporarily unavailable.*(?:fork|thread)|cannot fork/i,
    category: 'app.process-limit',
    error: 'EAGAIN',
  },
  {
    pattern:
      /OutOfMemoryError|heap out of memory|out of memory(?! killer)|GC overhead limit exceeded|MemoryError\b|std::bad_alloc|Cannot allocate memory|\bENOMEM\b|OOM command not allowed/i,
    category: 'app.memory-exhausted',
    error: 'ENOMEM',
  },
  {
    pattern:
      /too many (?:clients|connections)|remaining connection slots are reserved|max(?:imum)? (?:number of )?(?:client )?connections (?:reached|exceeded)|connection pool (?:exhausted|timeout|is full)|Timeout acquiring a? ?connection|timed? ?out waiting for (?:a )?(?:free )?connection|QueuePool limit/i,
    category: 'db.connections-exhausted',
    call: true,
    extract: (match, attributes) => {
      // A client's own pool is full by itself; these words are the server's.
      if (/too many|slots|max(?:imum)? number of/i.test(match[0])) attributes.by = 'server';
    },
  },
  {
    pattern:
      /\bqueue (?:is )?full\b|RejectedExecutionException|server (?:is )?(?:too busy|overloaded)|\boverload(?:ed| manager)\b|worker_connections are not enough|server reached (?:pm\.)?max_children/i,
    category: 'app.overloaded',
  },
  { pattern: /deadlock detected|Deadlock found|ORA-00060/i, category: 'db.deadlock' },
  {
    // A database driver's own words for a connection that does not come about, whatever the reason.
    pattern:
      /Communications link failure|JDBCConnectionException|SQLNonTransientConnectionException: Could not connect to/,
    category: 'call.unreachable',
    call: true,
    extract: (_match, attributes) => {
      attributes.by = 'database';
    },
  },
  {
    pattern:
      /read-only transaction|READONLY You can't write against a read only|not primary|NotWritablePrimary|is read-only|--read-only option/i,
    category: 'db.read-only',
    call: true,
  },
  {
    pattern:
      /relation "[^"]+" does not exist|column "?[^"\s]+"? does not exist|Unknown column|no such (?:table|column)|Table '[^']+' doesn't exist|ER_NO_SUCH_TABLE/i,
    category: 'db.schema-mismatch',
  },
  {
    pattern:
      /(?:password authentication failed|WRONGPASS|Access denied for user|authentication failed|invalid (?:credentials|username or password|api key|token|bearer token)|SASL authentication failed|ER_ACCESS_DENIED|token (?:has |is )?expired|jwt expired)/i,
    category: 'call.unauthorized',
    call: true,
    extract: (match, attributes) => {
      if (/Access denied for user|password authentication failed|ER_ACCESS_DENIED/i.test(match[0]))
        attributes.by = 'database';
    },
  },
  {
    pattern:
      /(?:cannot|can't|could not|couldn't|failed to|unable to|error) (?:load|loading|read|reading|parse|parsing|open|opening|decode|decoding|restore|recover)\b[^:]*?((?:\/[\w.@%+-]+)+)[^:]*: .*?(?:JSON|unexpected (?:end|token|eof)|invalid|corrupt|malformed|checksum|magic|truncated|parse|syntax|EOF|decode)/i,
    category: 'app.data-corrupt',
    extract: (match, attributes) => {
      attributes.path = match[1]!;
    },
  },
  {
    pattern:
      /checksum mismatch|data ?file (?:is )?(?:corrupt|damaged)|database disk image is malformed|invalid page (?:header|in block)|is corrupt(?:ed)?\b|corrupted (?:data|index|segment|page|block|log)|bad magic number/i,
    category: 'app.data-corrupt',
    extract: path,
  },
  {
    pattern: /\bEPERM\b|[Oo]peration not permitted/,
    category: 'app.permission-missing',
    error: 'EPERM',
    extract: path,
  },
  {
    // A store that may not read or write its own files says their names, not where they are.
    pattern:
      /(?:can't|cannot|can not|could not|unable to|failed to|fail) (?:open|read|write|create|access|chdir|rename|lock)\b.{0,80}?([\w-]+\.\w+|(?:\/[\w.@-]+)+)\b.{0,60}?: (?:[Pp]ermission denied|EACCES)/i,
    category: 'volume.permission-denied',
    error: 'EACCES',
    extract: (match, attributes) => {
      attributes.path = match[1]!;
    },
  },
  {
    pattern:
      /\bEACCES\b.*?['"\s](\/\S+)|[Pp]ermission denied.*?['"\s:(](\/\S+)|['"\s:(](\/[^\s'":]+)['"]?:? [Pp]ermission denied/,
    category: 'volume.permission-denied',
    error: 'EACCES',
    extract: (match, attributes) => {
      attributes.path = (match[1] ?? match[2] ?? match[3])!.replace(/['"),:;]+$/, '');
    },
  },
  {
    pattern:
      /ECONNREFUSED|[Cc]onnection refused|actively refused|Couldn't connect to server|Connect(?:ion)?Exception: (?:Connection refused|Connect)|failed to connect to all addresses/,
    category: 'call.refused',
    error: 'ECONNREFUSED',
    call: true,
  },
  {
    pattern:
      /EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|[Nn]o route to host|[Nn]etwork is unreachable|Host is unreachable|NoRouteToHostException/,
    category: 'call.unreachable',
    error: 'EHOSTUNREACH',
    call: true,
  },
  {
    pattern:
      /ECONNRESET|EPIPE|[Cc]onnection reset|socket hang up|[Bb]roken pipe|ECONNABORTED|unexpected EOF|upstream prematurely closed|[Cc]onnection (?:was )?(?:forcibly )?closed|server closed the connection|RemoteDisconnected|ClosedChannelException|stream error|GOAWAY/,
    category: 'call.reset',
    error: 'ECONNRESET',
    call: true,
  },
  {
    pattern:
      /ETIMEDOUT|ESOCKETTIMEDOUT|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT|ECONNABORTED.*timeout|\btimed? ?out\b|\btimeout (?:after|of|exceeded|awaiting|while|waiting)|i\/o timeout|context deadline exceeded|DEADLINE_EXCEEDED|SocketTimeoutException|ReadTimeout|ConnectTimeout|TimeoutError|upstream timed out/,
    category: 'call.timeout',
    error: 'ETIMEDOUT',
    call: true,
    extract: (_, attributes, text) => {
      // Nobody took the connection: packets are lost, or nobody accepts. What times out later has a listener.
      if (
        /connect(?:ion)? (?:ETIMEDOUT|timed? ?out|timeout)|dial(?:ing)? (?:tcp|udp)\b.*(?:i\/o timeout|timed out)|Connect(?:ion)?Timeout|UND_ERR_CONNECT_TIMEOUT/.test(
          text,
        )
      )
        attributes.phase = 'connect';
    },
  },
];

function firstPeer(text: string): Attributes {
  const [peer] = peersIn(text);
  return peer === undefined ? {} : { peer: peer.peer, peerHost: peer.host };
}

function bare(name: string): string {
  return name.replace(/^['"]|['",;:.]+$/g, '').toLowerCase();
}
