import { afterAll, beforeAll, expect, test } from '@jest/globals';
import axe, { type AxeResults } from 'axe-core';
import type { Browser } from 'playwright-core';
import { ask, until } from '../api/harness.js';
import { recorded } from '../e2e/in-memory.js';
import { describeWith } from '../servers/availability.js';
import { openPage, recordingOf, startBrowser, startProduct, type Product } from './harness.js';

const looks = [
  { name: 'light and wide', colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  { name: 'dark and wide', colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  { name: 'light on a phone', colorScheme: 'light', viewport: { width: 390, height: 844 } },
  { name: 'dark on a phone', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
] as const;

describeWith(['chromium'], 'the page for everybody', () => {
  let browser: Browser;
  let product: Product;
  let incidentId: string;

  beforeAll(async () => {
    browser = await startBrowser();
    product = await startProduct();
    const { events } = await recorded(recordingOf('01'));
    // As long as it goes on, an incident says more than when it is over.
    await product.publish(events.filter(({ timestamp }) => timestamp < '2026-11-24T19:28:40'));
    await until(async () => {
      const { data } = await ask<{ incidents: { edges: { node: { id: string; revision: number } }[] } }>(
        product.api,
        '{ incidents { edges { node { id revision } } } }',
      );
      const incident = data.incidents.edges[0]?.node;
      incidentId = incident?.id ?? '';
      return incident !== undefined && incident.revision > 4;
    });
  });
  afterAll(async () => {
    await browser.close();
    await product.stop();
  });

  test.each(looks)(
    'has no serious violation that axe finds, and nothing wider than the screen: $name',
    async (look) => {
      const { page, close } = await openPage(browser, look);
      const views = [
        { path: '/', ready: '.incident-row' },
        { path: '/?text=nothing-matches-this', ready: '.narrowed' },
        { path: `/incidents/${incidentId}`, ready: '[data-state="drawn"]' },
        { path: '/graph', ready: '[data-state="drawn"]' },
        { path: '/entity?id=local%2Fshop%2FDeployment%2Fcart', ready: '.neighbours' },
        { path: '/sources', ready: '.figures' },
        { path: '/incidents/none', ready: '.state.empty' },
      ];
      const found: string[] = [];
      for (const { path, ready } of views) {
        await page.goto(`${product.api.url}${path}`);
        await page.locator(ready).first().waitFor();
        if (path.startsWith('/incidents/')) {
          for (const summary of await page.locator('summary').all()) await summary.click();
          for (const step of await page.locator('.step > button').all()) if (await step.isVisible()) await step.click();
        }
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate<AxeResults>(
          'axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })',
        );
        for (const { id, impact, nodes } of violations) {
          if (impact === 'serious' || impact === 'critical')
            found.push(
              `${path}: ${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary}`).join(' | ')}`,
            );
        }
        const overflow = await page.evaluate<number>(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        if (overflow > 0) found.push(`${path}: ${overflow} px wider than the screen`);
      }
      expect(found).toEqual([]);
      await close();
    },
  );
});
