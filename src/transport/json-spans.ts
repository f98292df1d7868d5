const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);
const blank = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Where each element of a JSON array stands in its bytes, as [start, end) without blanks around it. For text that JSON.parse has
 * accepted as an array: so that one bad element of a batch can be kept exactly as it was sent. In UTF-8 no byte of a longer
 * character looks like one of JSON's own.
 */
export function elementSpans(body: Uint8Array): [start: number, end: number][] {
  const spans: [number, number][] = [];
  let depth = 0;
  let start = 0;
  let inText = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!;
    if (inText) {
      if (byte === backslash) at++;
      else if (byte === quote) inText = false;
    } else if (byte === quote) {
      inText = true;
    } else if (opening.has(byte)) {
      if (++depth === 1) start = at + 1;
    } else if (closing.has(byte)) {
      if (--depth === 0) push(at);
    } else if (byte === comma && depth === 1) {
      push(at);
      start = at + 1;
    }
  }
  return spans;

  function push(limit: number): void {
    let end = limit;
    while (start < end && blank.has(body[start]!)) start++;
    while (end > start && blank.has(body[end - 1]!)) end--;
    if (end > start) spans.push([start, end]);
  }
}
