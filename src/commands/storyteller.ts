import type { CorrelationResult } from '../model/correlation-result.js';
import { decode } from '../transport/codec.js';
import type { Transport } from '../transport/transport.js';

/** Writes each story to the terminal when it opens, when its cause changes, and when it ends. Text of the cluster is stripped of control characters. */
export async function tellInTerminal(
  transport: Transport,
  write: (text: string) => void,
  colour: boolean,
  signal: AbortSignal,
): Promise<void> {
  const told = new Map<string, string>();
  const { last } = await transport.position('results');
  for await (const { body } of transport.read({ stream: 'results', from: last + 1, signal })) {
    for (const result of decode<CorrelationResult>(body)) {
      if (result.mergedInto !== null) continue;
      const said = `${result.status} ${result.rootCause} ${result.entities.length}`;
      if (told.get(result.incidentId) === said) continue;
      told.set(result.incidentId, said);
      write(draw(result, colour));
    }
  }
}

const codes = { red: 31, yellow: 33, green: 32, bold: 1, dim: 2 } as const;

/** One story as a terminal shows it: title, cause, chain, what to do. */
export function draw(result: CorrelationResult, colour: boolean): string {
  const paint = (name: keyof typeof codes, text: string): string =>
    colour ? `\u001b[${codes[name]}m${text}\u001b[0m` : text;
  const resolved = result.status === 'RESOLVED';
  const mark = resolved
    ? paint('green', '✔ RESOLVED')
    : paint(result.severity === 'CRITICAL' ? 'red' : 'yellow', `● ${result.severity}`);
  const lines = [
    `${mark}  ${paint('bold', clean(result.title))}  ${paint('dim', `${result.incidentId} · revision ${result.revision}`)}`,
  ];
  if (resolved) {
    lines.push(
      `  ${paint('dim', `open ${result.openedAt.slice(11, 19)} to ${result.resolvedAt?.slice(11, 19) ?? ''} UTC`)}`,
    );
    return `${lines.join('\n')}\n\n`;
  }
  lines.push(
    `  why   ${clean(result.rootCause)} ${paint('dim', `(${result.confidence.toFixed(2)})`)}`,
    `  hit   ${result.entities.map(({ entity, role }) => (role === 'ROOT_CAUSE' ? paint('bold', clean(`${entity.kind} ${entity.name}`)) : clean(`${entity.kind} ${entity.name}`))).join(' → ')}`,
    `  do    ${clean(result.recommendation)}`,
  );
  return `${lines.join('\n')}\n\n`;
}

/** Names and messages come from the cluster: nothing in them may move the cursor or change colours. */
function clean(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
