// Draws one incident as an SVG picture: node scripts/draw-story.mjs < RESULT.json > story.svg
// RESULT.json is a line of `throughline replay --json`. What it shows is what the engine said, nothing is added.
import { readFileSync } from 'node:fs';

const result = JSON.parse(readFileSync(0, 'utf8').split('\n')[0]);
const recordings = process.argv.slice(2);
const told = new Map();
for (const cause of result.rootCauses) told.set(cause.eventId, { category: cause.category, entity: cause.entity });
for (const edge of result.edges) {
  // evidence: [the rule's reason, the cause's message, the effect's message]
  told.set(edge.from, { ...told.get(edge.from), message: edge.evidence[1] });
  told.set(edge.to, { ...told.get(edge.to), message: edge.evidence[2] });
}

const depth = new Map([[result.rootCauseEventId, 0]]);
for (let round = 0; round < 20; round++) {
  for (const { from, to } of result.edges) {
    const next = (depth.get(from) ?? 0) + 1;
    if ((depth.get(to) ?? -1) < next && next < 12) depth.set(to, next);
  }
}
const columns = [];
for (const [id, at] of depth) (columns[at] ??= []).push(id);

const [boxWidth, boxHeight, gapX, gapY, left, top] = [250, 92, 70, 26, 24, 118];
const place = new Map();
const tallest = Math.max(...columns.map((column) => column.length));
columns.forEach((column, x) => {
  const offset = ((tallest - column.length) * (boxHeight + gapY)) / 2;
  column.forEach((id, y) =>
    place.set(id, { x: left + x * (boxWidth + gapX), y: top + offset + y * (boxHeight + gapY) }),
  );
});
const width = left * 2 + columns.length * (boxWidth + gapX) - gapX;
const height = top + tallest * (boxHeight + gapY) + 56;

const escape = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const wrap = (text, chars, lines) => {
  const rows = [''];
  for (const word of String(text).split(/\s+/)) {
    if ((rows.at(-1) + ' ' + word).length <= chars || rows.at(-1) === '')
      rows[rows.length - 1] = (rows.at(-1) + ' ' + word).trim();
    else if (rows.length < lines) rows.push(word);
    else {
      rows[rows.length - 1] = `${rows.at(-1).slice(0, chars - 1)}…`;
      break;
    }
  }
  return rows.map((row) => (row.length > chars ? `${row.slice(0, chars - 1)}…` : row));
};
const lag = (ms) => (Math.abs(ms) < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
const text = (x, y, size, fill, content, more = '') =>
  `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}"${more}>${escape(content)}</text>`;

const parts = [
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" role="img" aria-label="${escape(result.title)}">`,
  '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="10" orient="auto"><path d="M0 0 8 4 0 8z" fill="#64748b"/></marker></defs>',
  `<rect width="${width}" height="${height}" rx="14" fill="#f8fafc"/>`,
  text(left, 40, 22, '#0f172a', result.title, ' font-weight="700"'),
  ...wrap(`${result.rootCause} Confidence ${result.confidence.toFixed(2)}.`, Math.floor(width / 7.6), 2).map((row, i) =>
    text(left, 66 + i * 20, 14, '#334155', row),
  ),
];
for (const edge of result.edges) {
  const [a, b] = [place.get(edge.from), place.get(edge.to)];
  if (!a || !b) continue;
  const [x1, y1, x2, y2] = [a.x + boxWidth, a.y + boxHeight / 2, b.x - 3, b.y + boxHeight / 2];
  const middle = (x1 + x2) / 2;
  parts.push(
    `<path d="M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}" fill="none" stroke="#64748b" stroke-width="${(1 + 2.5 * edge.confidence).toFixed(1)}" marker-end="url(#tip)"><title>${escape(`${edge.rule}: ${edge.evidence[0]}`)}</title></path>`,
    text(middle, (y1 + y2) / 2 - 7, 11, '#475569', lag(edge.lagMs), ' text-anchor="middle"'),
  );
}
for (const [id, { x, y }] of place) {
  const { category, message } = told.get(id) ?? {};
  const root = id === result.rootCauseEventId;
  parts.push(
    `<rect x="${x}" y="${y}" width="${boxWidth}" height="${boxHeight}" rx="9" fill="${root ? '#fee2e2' : '#ffffff'}" stroke="${root ? '#dc2626' : '#cbd5e1'}" stroke-width="${root ? 2 : 1}"/>`,
    ...(root ? [text(x + 12, y + 20, 11, '#b91c1c', `ROOT CAUSE · ${category ?? ''}`, ' font-weight="700"')] : []),
    ...wrap(message ?? '', 35, root ? 3 : 4).map((row, i) =>
      text(x + 12, y + (root ? 40 : 24) + i * 17, 12, '#1e293b', row),
    ),
  );
}
const hit = result.entities.map(({ entity }) => `${entity.kind} ${entity.name}`).join(', ');
parts.push(
  text(
    left,
    height - 20,
    12,
    '#64748b',
    `Hit: ${hit}. Replayed from ${recordings[0] ?? 'a recording'} of a real node.`,
  ),
  '</svg>',
);
process.stdout.write(parts.join('\n') + '\n');
