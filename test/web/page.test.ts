import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, Request } from 'playwright-core';
import type { RawEvent } from '../../src/model/raw-event.js';
import { ask, until } from '../api/harness.js';
import { recorded } from '../e2e/in-memory.js';
import { describeWith } from '../servers/availability.js';
import {
  openPage,
  recordingOf,
  startBrowser,
  startNetwork,
  startProduct,
  type OpenPage,
  type Product,
} from './harness.js';

interface Listed {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly rootCause: string;
  readonly recommendation: string;
  readonly openedAt: string;
}

/** What the API tells of the incidents, which is what the page has to show. */
async function incidentsOf(product: Product): Promise<readonly Listed[]> {
  const { data } = await ask<{ incidents: { edges: { node: Listed }[] } }>(
    product.api,
    '{ incidents { edges { node { id title status rootCause recommendation openedAt } } } }',
  );
  return data.incidents.edges.map(({ node }) => node);
}

interface Causes {
  readonly nodes: readonly { readonly message: string }[];
  readonly edges: readonly {
    readonly rule: string;
    readonly evidence: readonly string[];
    readonly temporal: number;
    readonly spatial: number;
    readonly causal: number;
    readonly semantic: number;
  }[];
}

async function causesOf(product: Product, id: string): Promise<Causes> {
  const { data } = await ask<{ incident: { causalGraph: Causes } }>(
    product.api,
    'query ($id: ID!) { incident(id: $id) { causalGraph { nodes { message } edges { rule evidence temporal spatial causal semantic } } } }',
    { id },
  );
  return data.incident.causalGraph;
}

/** The events of a recording up to a moment, and the rest. */
function split(events: readonly RawEvent[], moment: string): readonly [RawEvent[], RawEvent[]] {
  return [events.filter(({ timestamp }) => timestamp < moment), events.filter(({ timestamp }) => timestamp >= moment)];
}

describeWith(['chromium'], 'the page, in a browser, on replayed real incidents', () => {
  let browser: Browser;
  let product: Product;
  let opened: OpenPage;
  let oom: readonly RawEvent[];

  beforeAll(async () => {
    browser = await startBrowser();
    oom = (await recorded(recordingOf('01'))).events;
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    product = await startProduct();
    opened = await openPage(browser);
  });
  afterEach(async () => {
    await opened.close();
    await product.stop();
  });

  test('an incident that opens appears without reload, its story is one click away, and its end is seen too', async () => {
    const { page, complaints } = opened;
    await page.goto(product.api.url!);
    await page.getByRole('heading', { name: 'Nothing is broken' }).waitFor();
    await page.getByText('No source has reported yet').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const navigations: string[] = [];
    page.on('framenavigated', (frame) => navigations.push(frame.url()));

    const [begin, rest] = split(oom, '2026-11-24T19:28:00');
    await product.publish(begin);
    await page.getByRole('heading', { name: '1 thing is broken' }).waitFor();
    expect(navigations).toEqual([]);
    const [incident] = await incidentsOf(product);
    expect(incident?.status).toBe('OPEN');
    const row = page.getByRole('listitem').filter({ hasText: incident!.title });
    expect(await row.innerText()).toContain(incident!.rootCause);
    expect(await row.innerText()).toContain('Hits');

    await row.getByRole('link').click();
    const story = page.getByRole('region', { name: 'The story' });
    await story.waitFor();
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(incident!.title);
    const told = await story.innerText();
    expect(told).toContain(incident!.rootCause);
    expect(told).toContain(incident!.recommendation);
    expect(told).toMatch(/Deployment frontend\s+call [a-z]+/);
    const command = 'kubectl -n shop rollout undo Deployment/cart';
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await story.getByRole('button', { name: `Copy: ${command}` }).click();
    await story.getByText('Copied').first().waitFor();
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(command);
    expect(await page.getByRole('region', { name: 'What else it could have been' }).innerText()).toMatch(
      /change\.spec[\s\S]*Lost because/,
    );

    await product.play(rest);
    await page.getByText('Resolved', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Now', exact: true }).first().click();
    await page.getByRole('heading', { name: 'Nothing is broken' }).waitFor();
    expect(await page.getByRole('list', { name: 'Lately resolved incidents' }).innerText()).toContain(incident!.title);
    expect(complaints).toEqual([]);
  });

  test('a connection that is cut is said to be, goes on from its cursor, and nothing is missed', async () => {
    const { page, frames } = opened;
    const network = await startNetwork(product.api.url!);
    const [begin, rest] = split(oom, '2026-11-24T19:28:00');
    await page.goto(network.url);
    await page.getByText('Live', { exact: true }).waitFor();
    await product.publish(begin);
    await page.getByRole('heading', { name: '1 thing is broken' }).waitFor();
    const cursors = (): string[] =>
      frames.filter(({ sent }) => !sent).flatMap(({ text }) => /"cursor":"(\d+)"/.exec(text)?.[1] ?? []);
    await until(() => cursors().length > 0);

    network.cut();
    await page.getByText('Reconnecting').waitFor();
    const before = cursors();
    await product.play(rest);
    expect(cursors()).toEqual(before);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('1 thing is broken');

    network.mend();
    await page.getByRole('heading', { name: 'Nothing is broken' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const resumed = frames.findLast(({ sent, text }) => sent && text.includes('"subscribe"'));
    expect(resumed?.text).toContain(`"after":"${before.at(-1)}"`);
    const { last } = await product.stores.transport.position('results');
    while (cursors().at(-1) !== String(last)) await page.waitForTimeout(20);
    // What was published meanwhile comes once and in its order, with nothing left out.
    const missed = Array.from({ length: last - Number(before.at(-1)) }, (_, index) =>
      String(Number(before.at(-1)) + 1 + index),
    );
    expect(missed.length).toBeGreaterThan(1);
    expect(cursors()).toEqual([...before, ...missed]);
    await network.stop();
  });

  test('each step of the causal graph unfolds to its rule, evidence, four scores and lag; the drawing selects as well', async () => {
    const { page, complaints } = opened;
    await product.play(oom);
    const [incident] = await incidentsOf(product);
    const { nodes, edges } = await causesOf(product, incident!.id);
    await page.goto(`${product.api.url}/incidents/${incident!.id}`);
    const chain = page.getByRole('region', { name: 'How it spread' });
    const steps = chain.getByRole('list', { name: 'Steps, from the root cause on' }).getByRole('button');
    await steps.first().waitFor();
    expect(await steps.count()).toBe(edges.length);
    await steps.first().click();
    expect(await steps.first().getAttribute('aria-expanded')).toBe('true');
    const details = chain.locator('.step-details');
    const told = await details.innerText();
    const edge = edges.find(({ evidence }) => evidence.every((text) => told.includes(text)))!;
    expect(told).toContain(edge.rule);
    const scores = [edge.temporal, edge.spatial, edge.causal, edge.semantic].map((score) => score.toFixed(2));
    expect(told.match(/\b\d\.\d\d\b/g)).toEqual(scores);
    expect(told).toMatch(/Together \d+ %; .*(later|moment|before its cause)/);
    expect(await details.getByRole('meter').count()).toBe(4);
    await steps.first().click();

    // What is leftmost stands at the edge: the first thing that a hand meets there.
    const drawing = chain.getByRole('img');
    await chain.locator('[data-state="drawn"]').waitFor();
    const box = (await drawing.boundingBox())!;
    const card = chain.getByRole('status');
    for (let y = 10; (await card.count()) === 0 && y < box.height; y += 12) {
      await drawing.click({ position: { x: 60, y } });
    }
    const shown = await card.innerText();
    expect(nodes.filter(({ message }) => shown.includes(message))).not.toEqual([]);
    await card.getByRole('button', { name: 'Show all steps' }).click();
    await card.waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });

  test('lanes tell when, and mark what began it', async () => {
    const { page } = opened;
    await product.play(oom);
    const [incident] = await incidentsOf(product);
    await page.goto(`${product.api.url}/incidents/${incident!.id}`);
    const lanes = page.getByRole('region', { name: 'When it happened' });
    const cause = lanes.getByRole('button', { name: /what began it/ });
    expect(await cause.getAttribute('aria-pressed')).toBe('true');
    expect(await lanes.getByRole('list', { name: 'Events of the chosen mark' }).innerText()).toContain('memory limit');
    const frontend = lanes
      .getByRole('listitem')
      .filter({ has: page.getByRole('link', { name: 'Deployment frontend' }) });
    await frontend.getByRole('button').first().click();
    expect(await lanes.getByRole('list', { name: 'Events of the chosen mark' }).innerText()).toContain('cart:8080');
  });

  test('the graph as of then shows what fails at the moment of the slider, and its address shows the same again', async () => {
    const { page, complaints } = opened;
    await product.play(oom);
    const [incident] = await incidentsOf(product);
    const openedMs = Date.parse(incident!.openedAt);
    const at = (ms: number): string => encodeURIComponent(new Date(openedMs + ms).toISOString());
    await page.goto(`${product.api.url}/graph?entity=local%2Fshop%2FService%2Fcart&at=${at(-30_000)}`);
    await page.getByRole('heading', { name: /Nothing here fails at/ }).waitFor();
    const slider = page.getByRole('slider', { name: 'Moment' });
    await slider.fill(String(openedMs + 15_000));
    await page.getByRole('heading', { name: /\d+ things fail at/ }).waitFor();
    const failing = page.locator('.failing');
    expect(await failing.innerText()).toMatch(/Service cart\s+no ready endpoints/);
    expect(await page.getByText(/^Incident:/).innerText()).toContain(incident!.title);
    // To the second: the slider has steps.
    await page.waitForURL((url) => Math.abs(Date.parse(url.searchParams.get('at')!) - openedMs - 15_000) <= 1_000);
    const before = await failing.innerText();
    await page.reload();
    await page.getByRole('heading', { name: /\d+ things fail at/ }).waitFor();
    expect(await failing.innerText()).toBe(before);

    await slider.fill((await slider.getAttribute('max'))!);
    await page.getByRole('heading', { name: /Nothing here fails at/ }).waitFor();
    const justBefore = page.locator('.just-before li').first();
    expect(await justBefore.innerText()).toMatch(/heals\s+[\d:]+\s+Over: /);
    const back = page.getByRole('button', { name: 'Before' });
    while (await page.getByRole('heading', { name: /Nothing here fails at/ }).isVisible()) await back.click();
    await page.getByRole('heading', { name: /fails? at/ }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('filters narrow, stand in the address, and hold after a reload', async () => {
    const { page } = opened;
    await product.publish((await recorded(recordingOf('01'))).played);
    await product.play((await recorded(recordingOf('07'))).events);
    await page.goto(product.api.url!);
    const rows = page.getByRole('list', { name: 'Lately resolved incidents' }).locator('.incident-row');
    await rows.nth(1).waitFor();
    expect(await rows.count()).toBe(2);
    await page.getByRole('button', { name: 'Critical' }).click();
    await rows.nth(1).waitFor({ state: 'detached' });
    expect(await rows.innerText()).toContain('memory limit');
    await page.getByRole('button', { name: 'Critical' }).click();
    await page.getByRole('searchbox').fill('app=crat');
    await rows.nth(1).waitFor({ state: 'detached' });
    expect(await rows.innerText()).toContain('Service cart selects app=crat');
    expect(new URL(page.url()).searchParams.get('text')).toBe('app=crat');
    await page.reload();
    await page.getByText('1 resolved one match').waitFor({ timeout: 10_000 });
    expect(await rows.count()).toBe(1);
    await page.getByRole('button', { name: 'Show all' }).click();
    await rows.nth(1).waitFor();
  });

  test('markup in what programs log is shown as text and does nothing', async () => {
    const { page, complaints } = opened;
    const planted = `<img src=x onerror="alert('planted')"><script>alert('planted')</script><b id=planted>`;
    const word = 'connect ECONNREFUSED';
    const events = oom.map(
      (event) =>
        JSON.parse(
          JSON.stringify(event).replaceAll(word, `${word} ${JSON.stringify(planted).slice(1, -1)}`),
        ) as RawEvent,
    );
    await product.play(events);
    const [incident] = await incidentsOf(product);
    await page.goto(`${product.api.url}/incidents/${incident!.id}`);
    await page.getByText(`<img src=x onerror="alert('planted')">`).first().waitFor({ state: 'attached' });
    expect(await page.locator('img[src], #planted, main script').count()).toBe(0);
    for (const path of ['/', '/graph', '/entity?id=local%2Fshop%2FDeployment%2Ffrontend']) {
      await page.goto(`${product.api.url}${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await page.locator('img[src], #planted, main script').count()).toBe(0);
    }
    expect(complaints).toEqual([]);
  });

  test('the first load is small, loads nothing from elsewhere, and draws no graph before one is looked at', async () => {
    const { page } = opened;
    await product.play(oom);
    const requests: Request[] = [];
    page.on('requestfinished', (request) => requests.push(request));
    const asked = (name: string): boolean => requests.some((request) => request.url().includes(name));
    await page.goto(product.api.url!);
    await page.locator('.incident-row').first().waitFor();
    await page.getByText('container-logs@node-1').waitFor();
    expect(requests.every((request) => request.url().startsWith(product.api.url!))).toBe(true);
    expect(asked('graph-canvas')).toBe(false);
    await page.locator('.incident-row').getByRole('link').first().click();
    await page.locator('[data-state="drawn"]').waitFor();
    await until(() => asked('graph-canvas'));
    const files = requests.filter((request) => !request.url().endsWith('/graphql'));
    const sizes = await Promise.all(files.map((request) => request.sizes()));
    const bytes = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
    // Everything, the graph too, which is not even of the first load.
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThan(300_000);
  });

  test('what is not there, and a server that does not answer, are said in words with a way on', async () => {
    const { page } = opened;
    await page.goto(`${product.api.url}/incidents/0000000000000000`);
    await page.getByRole('heading', { name: 'There is no such incident' }).waitFor();
    await page.goto(`${product.api.url}/entity?id=local%2Fshop%2FDeployment%2Fnothing`);
    await page.getByRole('heading', { name: 'Nothing is known of this' }).waitFor();
    await page.route('**/graphql', (route) => route.abort());
    await page.goto(product.api.url!);
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/What is broken cannot be shown\. The server does not answer/);
    await page.unroute('**/graphql');
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Nothing is broken' }).waitFor();
  });

  test('everything can be reached by keyboard, and the chosen colours stay chosen', async () => {
    const { page } = opened;
    await product.play(oom);
    const [incident] = await incidentsOf(product);
    await page.goto(product.api.url!);
    await page.locator('.incident-row').first().waitFor();
    const focused = (): Promise<string> =>
      page.evaluate('document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? ""');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    for (let presses = 0; (await focused()) !== incident!.title && presses < 30; presses += 1)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'The story' }).waitFor();

    const dark = (): Promise<boolean> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor === "rgb(13, 18, 24)"');
    expect(await dark()).toBe(false);
    await page.getByRole('button', { name: /change to dark/i }).click();
    expect(await dark()).toBe(true);
    await page.reload();
    await page.getByRole('region', { name: 'The story' }).waitFor();
    expect(await dark()).toBe(true);
  });
});
