import type { ErrorText } from './error-texts.js';
import { pathIn } from './path-in.js';

/** What programs say of volumes that are slow or gone from under them; the path is what tells the volume. */
export const volumeTexts: readonly ErrorText[] = [
  {
    pattern: /[Ss]tale (?:NFS )?file handle|\bESTALE\b/,
    category: 'volume.stale-handle',
    error: 'ESTALE',
    extract: (_match, attributes, text) => {
      const path = pathIn(text, 0);
      if (path !== null) attributes.path = path;
    },
  },
  {
    // Redis, ZooKeeper, InnoDB, MongoDB: the disk takes longer for a flush than the program allows for.
    pattern:
      /fsync is taking too long \(disk is busy\?\)|fsync-ing the write ahead log in \S+ took \d+ms|page_cleaner: \d+ms intended loop took \d+ms|slow (?:WAL )?fsync|[Ff]lush(?:ing)? (?:to disk )?took (?:too long|\d{4,} ?ms)|Slow WAL (?:write|sync)/,
    category: 'volume.fsync-slow',
  },
];
