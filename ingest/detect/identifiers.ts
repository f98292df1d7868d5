/** Words of code that say nothing of what it is about. */
const common = new Set(
  (
    'the and for with from that this not are was has have new get set put add all any let var const func function return returns string int bool float ' +
    'true false nil null none undefined void self err error errors ctx context req res request response resp config cfg data value val name type types item ' +
    'items list map key keys object obj pkg internal src services service cmd main app api http https handler handle client server util utils helper helpers ' +
    'common default defaults options opts args params impl base core lib libs index file files line lines path test tests async await export import class ' +
    'public private static final struct interface package module use using else elif then end begin try catch throw throws while switch case break continue ' +
    'time duration second seconds millisecond milliseconds minute minutes hour hours sec msec len size count number num max min make append range string ' +
    'tidy refactor simplify chore feat fix perf clean cleanup extract unify adjust tune bump update adopt rename move improve support ensure allow ' +
    'json yaml yml toml proto sql log logs logger info warn debug level msg message text failed failure fail failing returned returning status code got'
  ).split(' '),
);

/** `registerPredefinedAgents` → register, predefined, agent: lower case, singular, without what every program says. */
export function wordsOf(text: string): Set<string> {
  const words = new Set<string>();
  for (const [token] of text.matchAll(/[A-Za-z][A-Za-z0-9]*/g)) {
    for (const part of token
      .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
      .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
      .split(' ')) {
      const word = part
        .toLowerCase()
        .replace(/(?<=[a-z]{3})(?:ies)$/, 'y')
        .replace(/(?<=[a-z]{2}[^s])s$/, '');
      if (word.length >= 3 && !common.has(part.toLowerCase()) && !common.has(word)) words.add(word);
    }
  }
  return words;
}
