// Builds the kernel half and its bridge: agent/bpf/*.bpf.c with clang, addon.cc with node-gyp. No download, nothing outside of
// agent/bpf/build and agent/native/build; what is newer than its sources is left as it is. Exit 0 when built, and also when something it needs is not there, which it names: the agent
// then runs on its fallback. Exit 1 only when the code does not compile.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const nativeFolder = dirname(fileURLToPath(import.meta.url));
const bpfFolder = join(nativeFolder, '..', 'bpf');

/** stdout, or null when the program is missing or fails. */
function ask(command, ...args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/** Where node_api.h lives: beside this node, as its archives and distributions install it. */
function nodeDirectory() {
  const prefix = join(dirname(process.execPath), '..');
  return [prefix, '/usr', '/usr/local'].find((folder) => existsSync(join(folder, 'include/node/node_api.h'))) ?? null;
}

/** Debian keeps asm/types.h, which linux/types.h wants, in a folder per architecture that `-target bpf` does not look into. */
function systemIncludes() {
  const multiarch = ask('cc', '-print-multiarch');
  return ['/usr/include', ...(multiarch ? [`/usr/include/${multiarch}`] : [])];
}

function nodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return null;
  }
}

function has(header) {
  return systemIncludes().some((folder) => existsSync(join(folder, header)));
}

function fresh(target, sources) {
  return existsSync(target) && sources.every((source) => statSync(source).mtimeMs <= statSync(target).mtimeMs);
}

const addon = join(nativeFolder, 'build/Release/kernel.node');
const addonSources = ['addon.cc', 'binding.gyp', '../bpf/events.h'].map((name) => join(nativeFolder, name));
const bpfFiles = readdirSync(bpfFolder).filter((name) => /\.[ch]$/.test(name));
const programs = bpfFiles
  .filter((name) => name.endsWith('.bpf.c'))
  .map((source) => ({ source, object: join('build', source.replace(/c$/, 'o')) }))
  .map((program) => {
    const sources = [program.source, ...bpfFiles.filter((name) => name.endsWith('.h'))];
    const object = join(bpfFolder, program.object);
    return {
      ...program,
      fresh: fresh(
        object,
        sources.map((name) => join(bpfFolder, name)),
      ),
    };
  });
if (fresh(addon, addonSources) && programs.every((program) => program.fresh)) {
  console.log('The kernel collector is built already.');
  process.exit(0);
}

const nodedir = nodeDirectory();
const gyp = nodeGyp();
const missing = [
  process.platform === 'linux' ? null : 'Linux: eBPF is of its kernel',
  ask('clang', '--version') === null ? 'clang (apt-get install clang llvm)' : null,
  ask('c++', '--version') === null ? 'a C++ compiler (apt-get install g++)' : null,
  ask('make', '--version') === null ? 'make (apt-get install make)' : null,
  ask('python3', '--version') === null ? 'python3, which node-gyp runs on (apt-get install python3)' : null,
  has('bpf/libbpf.h') ? null : 'libbpf headers (apt-get install libbpf-dev)',
  has('linux/bpf.h') ? null : 'kernel headers for programs (apt-get install linux-libc-dev)',
  nodedir
    ? null
    : 'Node headers, include/node beside this node (apt-get install libnode-dev, or a node from nodejs.org)',
  gyp ? null : 'node-gyp (npm install)',
].filter((line) => line !== null);

if (missing.length > 0) {
  console.log(
    `The kernel collector is not built; the agent will use cgroup files and the kernel log instead. Missing:`,
  );
  for (const line of missing) console.log(`  - ${line}`);
  process.exit(0);
}

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  console.error(`Failed: ${command} ${args.join(' ')}${error ? `: ${error.message}` : ''}`);
  process.exit(1);
}

mkdirSync(join(bpfFolder, 'build'), { recursive: true });
for (const { source, object } of programs.filter((program) => !program.fresh)) {
  const includes = systemIncludes().flatMap((folder) => ['-idirafter', folder]);
  const flags = ['-target', 'bpf', '-g', '-O2', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror', ...includes];
  run('clang', [...flags, '-c', source, '-o', object], bpfFolder);
}
// Not `rebuild`, which takes the addon away first: an agent or a test may be about to load it.
if (!fresh(addon, addonSources))
  run(process.execPath, [gyp, 'configure', 'build', '--silent', `--nodedir=${nodedir}`], nativeFolder);
console.log(`Built ${programs.length} eBPF programs and the addon for ${process.arch}, Node ${process.versions.node}.`);
