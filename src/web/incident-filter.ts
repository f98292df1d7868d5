import type { IncidentRow, Severity } from './queries.js';

/** What the address of Now asks for: `?severity=CRITICAL,ERROR&namespace=shop&text=cart`. */
export interface IncidentFilter {
  /** None: all. */
  readonly severities: readonly Severity[];
  readonly namespace: string | null;
  readonly text: string;
}

export const severities: readonly Severity[] = ['CRITICAL', 'ERROR', 'WARNING', 'INFO'];

export function filterOf(parameters: URLSearchParams): IncidentFilter {
  const asked = (parameters.get('severity') ?? '').split(',');
  return {
    severities: severities.filter((severity) => asked.includes(severity)),
    namespace: parameters.get('namespace'),
    text: parameters.get('text') ?? '',
  };
}

/** Text is looked for in everything that a row shows. */
export function matches(row: IncidentRow, { severities: wanted, namespace, text }: IncidentFilter): boolean {
  if (wanted.length > 0 && !wanted.includes(row.severity)) return false;
  if (namespace !== null && !row.namespaces.includes(namespace)) return false;
  if (text === '') return true;
  const needle = text.toLowerCase();
  return [row.title, row.rootCause, row.category ?? '', row.id, ...row.affected.map(({ entity }) => entity.id)].some(
    (words) => words.toLowerCase().includes(needle),
  );
}
