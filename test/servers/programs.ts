import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Where scripts/servers/provision puts what it makes: `bin/`, `neo4j/<version>/*.jar`, `images/*.tar`. */
export function serversHome(): string {
  return process.env['THROUGHLINE_SERVERS'] || join(homedir(), '.cache', 'throughline-servers');
}

/** The program's path: from the PATH, else KUBEBUILDER_ASSETS, else what was provisioned; null when it is in none of them. */
export function binary(name: string): string | null {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    process.env['KUBEBUILDER_ASSETS'] ?? '',
    join(serversHome(), 'bin'),
  ];
  return (
    folders
      .filter((folder) => folder !== '')
      .map((folder) => join(folder, name))
      .find(executable) ?? null
  );
}

/** Chromium, or a browser made of it; null when there is none. */
export function browser(): string | null {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
    const path = binary(name);
    if (path !== null) return path;
  }
  return null;
}

/** The folder with the jars of the newest provisioned Neo4j; null when there is none. */
export function neo4jLibrary(): string | null {
  const versions = join(serversHome(), 'neo4j');
  if (!existsSync(versions)) return null;
  const newest = readdirSync(versions, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.endsWith('.part'))
    .map((entry) => entry.name)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  return newest === undefined ? null : join(versions, newest);
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
