import type { Page, Request } from 'playwright-core';
import type { CorrelationResult } from '../../src/model/correlation-result.js';
import { commit, publish, startApi } from '../api/harness.js';
import { memoryStores } from '../api/stores.js';
import { changeOf, incident, incidents, type Incident } from '../api/world.js';
import { openPage, startBrowser } from '../web/harness.js';
import { figure, median, type Figure } from './figure.js';

export interface PageBenchOptions {
  /** Open ones in the list. */
  readonly incidents?: number;
  /** Events of one incident, all in its causal graph. */
  readonly nodes?: number;
}

export const run = (): Promise<Figure[]> => page({});

/** Every event of an interaction up to the next picture, as browsers count it (Event Timing), and tasks that hold up the rest. */
const observe = `
  window.interactions = [];
  window.tasks = [];
  new PerformanceObserver((list) => {
    for (const { duration, interactionId } of list.getEntries()) if (interactionId) window.interactions.push(duration);
  }).observe({ type: 'event', durationThreshold: 16, buffered: true });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.tasks.push(duration);
  }).observe({ type: 'longtask', buffered: true });`;

/** Gaps between pictures while a hand drags the graph. */
const watchFrames = `
  window.frames = [];
  let last = performance.now();
  const frame = (now) => { window.frames.push(now - last); last = now; if (window.frames) requestAnimationFrame(frame); };
  requestAnimationFrame(frame);`;

/**
 * The page in Chromium with a thousand open incidents, and with a causal graph of 300 nodes: how long each interaction takes until it is
 * seen. Beside it the same interaction with a bare page, which is as quick as this browser on this machine can be.
 */
export async function page({ incidents: count = 1_000, nodes = 300 }: PageBenchOptions): Promise<Figure[]> {
  const stores = await memoryStores();
  const api = await startApi(stores);
  const browser = await startBrowser();
  try {
    const open: Partial<CorrelationResult> = { status: 'OPEN', resolvedAt: null };
    const all = incidents(count).map(({ result, ...rest }): Incident => ({ ...rest, result: { ...result, ...open } }));
    for (let begin = 0; begin < all.length; begin += 20)
      await commit(stores.graph, changeOf(all.slice(begin, begin + 20)));
    const large = tree(incident(count, open, nodes + 1));
    await commit(stores.graph, changeOf([large]));

    const figures: Figure[] = [];
    const bare = await interactions(await opened('data:text/html,<button>press</button>'), async (each) => {
      for (let press = 0; press < 10; press += 1) await each.getByRole('button').click();
    });
    const peer = Math.max(...bare, 16);

    const list = await opened(null);
    const requests: Request[] = [];
    list.on('requestfinished', (request) => requests.push(request));
    const begun = performance.now();
    await list.goto(api.url!);
    await list.locator('.incident-row').first().waitFor();
    figures.push(figure('now: from nothing to the first incident', performance.now() - begun, 'ms'));
    await list.getByRole('heading', { name: `${(count + 1).toLocaleString('en')} things are broken` }).waitFor();
    const files = requests.filter((request) => !request.url().endsWith('/graphql'));
    const sizes = await Promise.all(files.map((request) => request.sizes()));
    const bytes = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
    figures.push(figure('now: first load, compressed', bytes / 1024, 'KiB'));
    const listed = await interactions(list, async (each) => {
      await each.getByRole('searchbox').pressSequentially('app 77', { delay: 60 });
      await each.getByRole('searchbox').fill('');
      for (const name of ['Critical', 'Error', 'Warning', 'Critical', 'Error', 'Warning'])
        await each.getByRole('button', { name, exact: true }).click();
      for (let more = 0; more < 4; more += 1) await each.getByRole('button', { name: /^Show \d+ more of/ }).click();
    });
    figures.push(...told(`now: interaction with ${count} incidents`, listed, peer));
    const tasks = await longest(list, async () => {
      for (let index = 0; index < 20; index += 1) {
        const revised = { ...all[index]!.result, revision: 2, id: `${all[index]!.result.incidentId}.2` };
        await publish(stores.transport, [revised]);
      }
      await list.waitForTimeout(1_500);
    });
    figures.push(figure('now: longest task, of those over 50 ms, while 20 revisions come in', tasks, 'ms'));
    await list.context().close();

    const story = await opened(`${api.url}/incidents/${large.result.incidentId}`);
    const asked = performance.now();
    await story.locator('[data-state="drawn"]').waitFor();
    figures.push(figure(`incident: from the document to a graph of ${nodes} nodes`, performance.now() - asked, 'ms'));
    await story.waitForTimeout(1_000);
    const chosen = await interactions(story, async (each) => {
      for (let index = 0; index < 8; index += 1) await each.locator('.step > button').nth(index).click();
      for (const name of ['Nearer', 'Farther', 'All']) await each.getByRole('button', { name, exact: true }).click();
      for (let y = 20; y < 200; y += 30) await each.locator('.graph-canvas').click({ position: { x: 60, y } });
    });
    figures.push(...told(`incident: interaction with ${nodes} nodes`, chosen, peer));
    figures.push(
      figure('incident: picture while the graph is dragged, 95th percentile', await dragged(story), 'ms', 1_000 / 60),
    );
    await story.context().close();
    return figures;
  } finally {
    await browser.close();
    await api.stop();
    await stores.close();
  }

  async function opened(url: string | null): Promise<Page> {
    const { page: fresh } = await openPage(browser);
    await fresh.addInitScript(observe);
    if (url !== null) await fresh.goto(url);
    return fresh;
  }
}

function told(name: string, durations: readonly number[], peer: number): Figure[] {
  return [
    figure(`${name}, median`, median(durations), 'ms', peer),
    figure(`${name}, slowest of ${durations.length}`, Math.max(...durations), 'ms', peer),
  ];
}

/** Durations of what was done, in milliseconds; what took less than 16, the least that browsers tell, counts as 16. */
async function interactions(each: Page, act: (page: Page) => Promise<void>): Promise<readonly number[]> {
  await each.evaluate('window.interactions.length = 0');
  await act(each);
  await each.waitForTimeout(500);
  const durations = await each.evaluate<number[]>('window.interactions');
  return durations.length === 0 ? [16] : durations;
}

async function longest(each: Page, act: () => Promise<void>): Promise<number> {
  await each.evaluate('window.tasks.length = 0');
  await act();
  return Math.max(0, ...(await each.evaluate<number[]>('window.tasks')));
}

async function dragged(each: Page): Promise<number> {
  const box = (await each.locator('.graph-canvas').boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height - 6];
  await each.evaluate(watchFrames);
  await each.mouse.move(x, y);
  await each.mouse.down();
  for (let step = 0; step < 90; step += 1) await each.mouse.move(x + Math.sin(step / 8) * 160, y - (step % 40));
  await each.mouse.up();
  const frames = (await each.evaluate<number[]>('const all = window.frames; window.frames = null; all')).sort(
    (a, b) => a - b,
  );
  return frames[Math.floor(frames.length * 0.95)] ?? 0;
}

/** The incident with its events as a tree of threes, which is wide and deep as a large outage is. */
function tree({ result, events, entities }: Incident): Incident {
  const [, ...ids] = events.map(({ id }) => id);
  const [edge] = result.edges;
  const edges = ids.slice(1).map((to, index) => ({ ...edge!, from: ids[Math.floor(index / 3)]!, to }));
  return { result: { ...result, edges }, events, entities };
}
