// What a fresh clone needs before anything of it can run. Uses nothing but Node, because nothing else is there yet. Every step is
// skipped when its result is newer than what it is made from, by content and not by date.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

export function say(line) {
  process.stderr.write(`throughline: ${line}\n`);
}

/** Runs a step with its output shown; gives its exit code and says how long it took. */
export function step(what, command, args, options = {}) {
  say(`${what} …`);
  const begin = performance.now();
  // Output of set-up goes to standard error: standard output belongs to the program that is set up.
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (error) say(`${command}: ${error.message}`);
  say(`${what}: ${status === 0 ? 'done' : 'failed'} after ${Math.round((performance.now() - begin) / 100) / 10} s`);
  return status ?? 1;
}

export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  say(`Node ${process.versions.node} is too old: 20.19 or later is needed (https://nodejs.org)`);
  process.exit(1);
}

/** node_modules as package-lock.json says. No package that we use needs its install script, so none runs. */
export function installPackages() {
  if (packagesAreInstalled()) return;
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  if (step('installing packages', npm, args) === 0) return;
  say('the packages could not be installed: is the npm registry within reach?');
  process.exit(1);
}

/** npm leaves what it installed in node_modules/.package-lock.json; optional packages are those of other platforms. */
function packagesAreInstalled() {
  const installed = read(join(root, 'node_modules/.package-lock.json'));
  if (installed === null) return false;
  const present = JSON.parse(installed).packages;
  const { '': _own, ...wanted } = JSON.parse(read(join(root, 'package-lock.json'))).packages;
  return Object.entries(wanted).every(([path, { version, optional }]) =>
    present[path] ? present[path].version === version : optional,
  );
}

/** The native addon and the eBPF programs. What is missing for them is said, and the agent runs on its fallback. */
export function buildNative() {
  const build = join(root, 'agent/native/build.mjs');
  if (!existsSync(build)) return;
  const sources = [...files('agent/native', /\.(cc|gyp|mjs)$/), ...files('agent/bpf', /\.(c|h)$/)];
  const wanted = digest(sources, `${process.arch} ${process.versions.modules}`);
  const stamp = join(root, 'agent/native/build/.throughline-stamp');
  if (read(stamp) === wanted) return;
  if (step('building the kernel half (eBPF)', process.execPath, [build]) !== 0) {
    say('the kernel half does not compile here; the agent will use cgroup files and the kernel log instead');
  } else if (existsSync(join(root, 'agent/native/build/Release'))) {
    writeFileSync(stamp, wanted);
  }
}

/** TypeScript to dist/. Types are checked by `npm run typecheck` and in CI; here it is whoever runs the program that waits. */
export function compile() {
  const folders = ['src', 'agent', 'ingest', 'schema', 'test/performance', 'test/accuracy', 'test/web'];
  const sources = folders.flatMap((folder) => files(folder, /\.ts$/)).filter((path) => !path.startsWith('src/web/'));
  const wanted = digest(['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', ...sources]);
  const stamp = join(root, 'dist/.throughline-stamp');
  if (read(stamp) === wanted) return;
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  if (step('compiling', process.execPath, [tsc, '-p', 'tsconfig.build.json', '--noCheck']) !== 0) process.exit(1);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** The page to dist/web, which the API serves. */
export function buildPage() {
  const sources = files('src/web', /\.(ts|tsx|css|html|svg)$/);
  const wanted = digest(['vite.config.js', 'package-lock.json', ...sources]);
  const stamp = join(root, 'dist/.throughline-page-stamp');
  if (read(stamp) === wanted && existsSync(join(root, 'dist/web/index.html'))) return;
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  if (step('building the page', process.execPath, [vite, 'build', '--logLevel', 'warn']) !== 0) process.exit(1);
  writeFileSync(stamp, wanted);
}

/** Paths from the root of the files below a folder whose names match, in a fixed order; none when there is no such folder. */
export function files(folder, names) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.name !== 'build' && entry.name !== 'node_modules')
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? files(path, names) : names.test(entry.name) ? [path] : [];
    })
    .sort();
}

function digest(paths, also = '') {
  const hash = createHash('sha256').update(also);
  for (const path of paths)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  return hash.digest('hex');
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
