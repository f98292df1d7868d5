// npm test: everything from a fresh clone to the result of all tests. Arguments go to jest: npm test -- test/config -t 'secret'
//   THROUGHLINE_SERVERS   folder of the servers that the tests run against; default ~/.cache/throughline-servers
//   CI=true               a server that cannot be had fails its tests instead of skipping them
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { buildNative, buildPage, compile, installPackages, requireNode, root, say, step } from './setup.mjs';

const servers = process.env.THROUGHLINE_SERVERS || join(homedir(), '.cache/throughline-servers');
const env = {
  ...process.env,
  THROUGHLINE_SERVERS: servers,
  PATH: `${process.env.PATH}${delimiter}${join(servers, 'bin')}`,
  // Jest runs ES modules through node:vm.
  NODE_OPTIONS:
    `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim(),
};
const jest = join(root, 'node_modules/jest/bin/jest.js');
const args = process.argv.slice(2);

requireNode();
installPackages();

// Only what the chosen tests need: `npm test -- test/config` builds no Kubernetes.
const wanted = wantedServers();
if (process.platform === 'win32') {
  if (wanted.length > 0)
    say(`the servers are provisioned by bash scripts, on Linux and macOS; missing ones are skipped`);
} else {
  for (const server of wanted) {
    const status = step(`providing ${server}`, 'bash', [join(root, 'scripts/servers/provision'), server], { env });
    if (status !== 0) say(`${server} cannot be had; its tests will ${env.CI === 'true' ? 'fail' : 'be skipped'}`);
  }
}
buildNative();
compile();
buildPage();

const { status } = spawnSync(process.execPath, [jest, '--maxWorkers=2', ...args], { cwd: root, env, stdio: 'inherit' });
process.exitCode = status ?? 1;

/** What `describeWith([…], …)` names in the files that jest would run. */
function wantedServers() {
  const { status, stdout } = spawnSync(process.execPath, [jest, '--listTests', ...args], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  const listed = status === 0 ? stdout.split('\n').filter((line) => line.endsWith('.test.ts')) : [];
  const named = new Set();
  for (const file of listed) {
    for (const [, list] of readFileSync(file, 'utf8').matchAll(/describeWith\(\s*\[([^\]]*)\]/g)) {
      for (const [, name] of list.matchAll(/'([a-z0-9-]+)'/g)) named.add(name);
    }
  }
  if (named.has('node')) named.add('control-plane');
  if (named.has('ebpf') || named.has('clang')) named.add('native');
  return ['native', 'nats', 'neo4j', 'control-plane', 'node', 'chromium'].filter((name) => named.has(name));
}
