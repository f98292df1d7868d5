import { describe, expect, test } from '@jest/globals';
import { readSecurityAlert } from '../../../ingest/detect/security-rules.js';
import type { ForeignAlert } from '../../../src/model/payloads.js';

const alert = (name: string, message: string | null = null, labels: ForeignAlert['labels'] = {}): ForeignAlert => ({
  kind: 'alert',
  name,
  state: 'firing',
  severity: null,
  message,
  metric: null,
  direction: null,
  labels,
});

describe('alerts of runtime security', () => {
  test.each([
    ['Drop and execute new binary in container', 'security.unexpected-program'],
    ['Detect outbound connections to common miner pool ports', 'security.unexpected-program'],
    ['Detect release_agent File Container Escapes', 'security.privilege-escalation'],
    ['Change thread namespace', 'security.privilege-escalation'],
    ['Terminal shell in container', 'change.by-hand'],
    ['Attach/Exec Pod', 'change.by-hand'],
  ])('%s means %s', (name, category) => {
    expect(readSecurityAlert(alert(name))?.category).toBe(category);
  });

  test.each(['KubePodCrashLooping', 'CPUThrottlingHigh', 'Clear Log Activities', 'Read sensitive file untrusted'])(
    '%s says nothing of what makes things fail',
    (name) => {
      expect(readSecurityAlert(alert(name))).toBeNull();
    },
  );

  test('who enforces says so by its action, and names its policy', () => {
    const labels = { action: 'KPROBE_ACTION_SIGKILL', policy_name: 'no-raw-sockets', process: '/bin/ping' };
    expect(readSecurityAlert(alert('process_kprobe', null, labels))).toEqual({
      category: 'security.enforcement-kill',
      attributes: { policy: 'no-raw-sockets', comm: '/bin/ping' },
    });
  });

  test('the program and the user are read from the fields that Falco appends', () => {
    const said = 'Executing binary not part of base image | proc_exe=/tmp/x user=www-data container_name=web';
    expect(readSecurityAlert(alert('Drop and execute new binary in container', said))?.attributes).toEqual({
      program: '/tmp/x',
      user: 'www-data',
    });
  });
});
