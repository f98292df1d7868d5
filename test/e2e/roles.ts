import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/config/package-root.js';
import { awaitReady, freePort, startProcess, type ServerProcess } from '../servers/processes.js';

/** One role of the product in a process of its own, as it is run in production. */
export interface RunningRole extends ServerProcess {
  /** Where it serves /readyz and, as the API, GraphQL. */
  readonly url: string;
}

/** Configuration of the product. */
export type Environment = Readonly<Record<string, string>>;

/** What `npm run build` made. */
const cli = join(packageRoot(), 'dist', 'src', 'cli.js');
const portKeys = { agent: 'AGENT_PORT', ingest: 'INGEST_PORT', api: 'API_PORT' } as const;
/** Jest's own options are not for the product. */
const ownOptions = { NODE_OPTIONS: '' };

/** Resolves once the role says that it is ready, on a free port; fails with its log. */
export async function startRole(
  role: keyof typeof portKeys,
  { env, logFile }: { readonly env: Environment; readonly logFile: string },
): Promise<RunningRole> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = await startProcess({
    command: process.execPath,
    arguments: [cli, role],
    env: { ...ownOptions, ...env, [portKeys[role]]: String(port) },
    logFile,
  });
  try {
    await awaitReady(started, async () => (await fetch(`${url}/readyz`)).ok);
  } catch (error) {
    await started.kill();
    throw error;
  }
  return { ...started, url };
}

/** A command of the product that ends by itself: what it prints on standard output. Fails with what it prints on standard error. */
export async function runCommand(args: readonly string[], env: Environment): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], {
    env: { ...process.env, ...ownOptions, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}
