import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/package-root.js';
import { ask, until } from '../api/harness.js';
import { recorded } from '../e2e/in-memory.js';
import { openPage, recordingOf, startBrowser, startProduct } from './harness.js';

/**
 * `npm run screenshots`: docs/page/*.png, the pictures of the README, as the page shows recorded incidents while they go on. The
 * recordings are stopped at these moments, so that the same code makes the same pictures.
 */
const moment = '2026-11-24T19:28:30';
const nextMoment = '2026-11-24T19:30:20';
const sizes = [
  { name: 'wide', viewport: { width: 1280, height: 860 } },
  { name: 'phone', viewport: { width: 390, height: 844 } },
] as const;
const folder = join(packageRoot(), 'docs', 'page');

interface View {
  readonly name: string;
  readonly path: string;
  /** What has to be there before the picture is taken. */
  readonly ready: string;
}

const product = await startProduct();
const browser = await startBrowser();
try {
  mkdirSync(folder, { recursive: true });
  const { played } = await recorded(recordingOf('01'));
  await product.publish(played.filter(({ timestamp }) => timestamp < moment));
  let id = '';
  await until(async () => {
    const [incident] = await incidents();
    id = incident?.id ?? '';
    return (incident?.revision ?? 0) >= 5;
  });
  await takeAll([
    { name: 'incident', path: `/incidents/${id}`, ready: '[data-state="drawn"]' },
    {
      name: 'graph',
      path: `/graph?entity=local%2Fshop%2FDeployment%2Fcart&at=${moment}Z`,
      ready: '[data-state="drawn"]',
    },
  ]);
  // Two minutes on: that one is over, and the next has begun.
  await product.publish(played.filter(({ timestamp }) => timestamp >= moment));
  await product.publish((await recorded(recordingOf('07'))).played.filter(({ timestamp }) => timestamp < nextMoment));
  await until(async () => (await incidents()).length === 2);
  await takeAll([{ name: 'now', path: '/', ready: '.incident-row' }]);
} finally {
  await browser.close();
  await product.stop();
}

async function incidents(): Promise<readonly { readonly id: string; readonly revision: number }[]> {
  const { data } = await ask<{ incidents: { edges: { node: { id: string; revision: number } }[] } }>(
    product.api,
    '{ incidents { edges { node { id revision } } } }',
  );
  return data.incidents.edges.map(({ node }) => node);
}

async function takeAll(views: readonly View[]): Promise<void> {
  for (const { name: size, viewport } of sizes) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, complaints, close } = await openPage(browser, { viewport, colorScheme });
      for (const { name, path, ready } of views) {
        await page.goto(`${product.api.url}${path}`);
        await page.locator(ready).first().waitFor();
        await page.getByText('Live', { exact: true }).waitFor();
        // Fonts, and the last of what comes by itself.
        await page.waitForTimeout(800);
        await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) });
      }
      if (complaints.length > 0) throw new Error(complaints.join('\n'));
      await close();
    }
  }
}
