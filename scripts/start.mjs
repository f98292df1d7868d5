// npm start: everything from a fresh clone to `throughline up`, whose arguments may follow: npm start -- --config throughline.yaml
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildNative, buildPage, compile, installPackages, requireNode, root } from './setup.mjs';

requireNode();
installPackages();
buildNative();
compile();
buildPage();

const cli = join(root, 'dist/src/cli.js');
process.argv = [process.argv[0], cli, 'up', ...process.argv.slice(2)];
await import(pathToFileURL(cli).href);
