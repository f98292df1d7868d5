// npm run bench -- NAME …, npm run accuracy -- …, npm run screenshots: set up as `npm start` does, then the compiled program with its arguments.
import { spawnSync } from 'node:child_process';
import { buildNative, buildPage, compile, installPackages, requireNode, root } from './setup.mjs';

const programs = {
  bench: 'dist/test/performance/bench.js',
  accuracy: 'dist/test/accuracy/accuracy.js',
  screenshots: 'dist/test/web/screenshots.js',
};
const [name, ...args] = process.argv.slice(2);

requireNode();
installPackages();
buildNative();
compile();
if (name !== 'accuracy') buildPage();
// --expose-gc: heap figures are taken after a collection, so that they are of what lives and not of what waits to be collected.
const { status } = spawnSync(process.execPath, ['--expose-gc', programs[name], ...args], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
