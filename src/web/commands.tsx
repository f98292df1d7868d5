import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';

/** Commands to paste into a terminal, each with its button. */
export function Commands({ lines, label }: { readonly lines: readonly string[]; readonly label: string }): JSX.Element {
  return (
    <ul class="commands" aria-label={label}>
      {lines.map((line) => (
        <Command key={line} line={line} />
      ))}
    </ul>
  );
}

const saidMs = 2_000;

function Command({ line }: { readonly line: string }): JSX.Element {
  const text = useRef<HTMLElement>(null);
  const [said, setSaid] = useState('');
  const say = (words: string): void => {
    setSaid(words);
    setTimeout(() => setSaid(''), saidMs);
  };
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(line);
      say('Copied');
    } catch {
      // Without TLS, except on this very machine, a page may not write the clipboard: what is selected can be copied by hand.
      window.getSelection()?.selectAllChildren(text.current!);
      say('Selected');
    }
  };
  return (
    <li>
      <code ref={text}>
        {line.split(/(<[^<>]*>)/).map((part) => (part.startsWith('<') ? <mark key={part}>{part}</mark> : part))}
      </code>
      <button type="button" class="copy" onClick={() => void copy()} aria-label={`Copy: ${line}`}>
        {said === '' ? 'Copy' : said}
      </button>
      <span class="unseen" role="status">
        {said}
      </span>
    </li>
  );
}
