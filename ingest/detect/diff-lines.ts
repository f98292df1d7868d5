/** What a diff takes away and puts in, without what cannot change what a program does. */
export interface DiffLines {
  readonly removed: readonly string[];
  readonly added: readonly string[];
  /** Taken away in one place and put in at another. */
  readonly moved: readonly string[];
}

/** Files that no running program reads. */
const inertFile =
  /(?:^|\/)(?:docs?|documentation|tests?|__tests__|spec|testdata|fixtures|\.github|\.circleci|\.gitlab)\/|(?:_test|\.test|\.spec|_spec)\.\w+$|\.(?:md|rst|adoc|txt|css|scss|less|svg|png|snap|lock|sum)$|(?:^|\/)(?:CHANGELOG|LICENSE|CODEOWNERS|README|Jenkinsfile|go\.sum|package-lock\.json|yarn\.lock)/i;
const comment = /(?:^|\s)(?:\/\/|#(?!\{)|--\s|;;).*$|\/\*.*?\*\/|^\s*\*.*$|<!--.*?-->/g;
/** A line that only tells: logs, metrics, spans. */
const telling =
  /^(?:return |await |_ = )?[\w.&*]*\b(?:log|logs|logger|logging|slog|console|klog|glog|zap|span|tracer|prometheus|metrics?|stats|print|println|printf)(?:\b|_)?[\w.]*\s*(?:[.(]|:?=)|^LOG_[A-Z]+\s*\(|^f(?:mt)?\.(?:Str|Print|Fprint)|(?:logger|log) :?= (?:logger|log)\.|^(?:import|from|use|require|#include|package|using)\b|^["'][\w./@-]+["']$/;

/** A change larger than this says what it does in its first lines, or too much. */
const maxDiff = 65_536;
const maxLines = 600;
const maxLine = 400;

/**
 * Unified diffs, whole or hunks alone (`@@ path @@` names the file then). Comments, log statements, imports and lines that only moved are
 * left out: a line that is taken away in one place and put in at another has not changed.
 */
export function readDiff(diff: string, paths: readonly string[]): DiffLines {
  const removed: string[] = [];
  const added: string[] = [];
  let inert = paths.length === 1 && inertFile.test(paths[0]!);
  let telled = 0;
  for (const line of diff.slice(0, maxDiff).split('\n')) {
    if (removed.length + added.length >= maxLines) break;
    const file =
      /^(?:\+\+\+|---) (?:[ab]\/)?(\S+)/.exec(line)?.[1] ?? /^@@ ([\w./-]+\.\w+|[\w./-]*\/[\w.-]+)/.exec(line)?.[1];
    if (file !== undefined) {
      if (file !== '/dev/null') inert = inertFile.test(file);
      continue;
    }
    if (inert || (line[0] !== '-' && line[0] !== '+')) continue;
    const text = line
      .slice(1, maxLine)
      .replace(comment, '')
      .replace(/\s+/g, ' ')
      .replace(/[\s,;]+$/, '')
      .trim();
    if (text === '' || /^[{}()[\]\s;,]+$/.test(text)) continue;
    // What a call that tells goes on with on the next lines is part of it.
    const depth = (text.match(/\(/g)?.length ?? 0) - (text.match(/\)/g)?.length ?? 0);
    if (telled > 0 || telling.test(text)) {
      telled = Math.max(0, telled + depth);
      continue;
    }
    (line[0] === '-' ? removed : added).push(text);
  }
  const kept = new Map<string, number>();
  for (const text of added) kept.set(text, (kept.get(text) ?? 0) + 1);
  const gone: string[] = [];
  const moved: string[] = [];
  for (const text of removed) {
    const again = kept.get(text) ?? 0;
    if (again > 0) kept.set(text, again - 1);
    (again > 0 ? moved : gone).push(text);
  }
  const fresh = added.filter((text) => {
    const left = kept.get(text)!;
    if (left === 0) return false;
    kept.set(text, left - 1);
    return true;
  });
  return { removed: gone, added: fresh, moved };
}

/** A change of such files alone changes nothing that runs. */
export function isInert(paths: readonly string[]): boolean {
  return paths.length > 0 && paths.every((path) => inertFile.test(path));
}
