import type { Category } from '../../src/model/categories.js';
import type { ForeignAlert } from '../../src/model/payloads.js';

export interface SecurityMeaning {
  readonly category: Category;
  readonly attributes: Readonly<Record<string, string | null>>;
}

/**
 * Rules of Falco's maintained set (falcosecurity/rules, by their names) by what they mean for the health of what they fired on. Kills by
 * Tetragon's enforcement are told apart by the action that its events carry.
 */
const rules: readonly (readonly [RegExp, Category])[] = [
  [
    /^Drop and execute new binary in container$|crypto ?min|miner pool|^Launch (?:Suspicious|Remote) |^Execution from \/dev\/shm$|^Linux Kernel Module Injection|^Netcat Remote Code Execution/i,
    'security.unexpected-program',
  ],
  [
    /container escape|release_agent|^Launch Privileged Container$|^Launch Excessively Capable Container$|^Change (?:thread namespace|namespace privileges)|^Mount Launched in Privileged Container$|^Debugfs Launched|^PTRACE attached|^PTRACE anti-debug|^BPF Program Not Profiled|privilege escalation/i,
    'security.privilege-escalation',
  ],
  [
    /^Terminal shell in container$|^Run shell untrusted$|^(?:The docker client|Kubernetes Client Tool) |^Attach\/Exec Pod$|^Exec (?:to|into) |^Launch Package Management Process in Container$|^Write below (?:binary dir|monitored dir|etc|root|rpm database)|^Modify binary dirs$/i,
    'change.by-hand',
  ],
];

/** What an alert of a runtime security tool says, null when it is none. */
export function readSecurityAlert({ name, message, labels }: ForeignAlert): SecurityMeaning | null {
  const text = message ?? '';
  if (/SIGKILL|Override$/i.test(labels.action ?? '') || /^Sigkill$/i.test(name)) {
    const policy = labels.policy_name ?? labels.policy ?? null;
    return { category: 'security.enforcement-kill', attributes: { policy, comm: labels.process ?? null } };
  }
  const rule = labels.rule ?? name;
  const category = rules.find(([pattern]) => pattern.test(rule))?.[1];
  if (category === undefined) return null;
  const program = labels['proc.exepath'] ?? /\bproc_exe(?:path)?=(\S+)/.exec(text)?.[1] ?? null;
  const user = labels['user.name'] ?? /\buser=(\S+)/.exec(text)?.[1] ?? null;
  return { category, attributes: { program, user } };
}
