import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseLogText } from '../../../agent/collectors/container-logs/line.js';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';

describe('the level of a line', () => {
  test.each<[string, string | null]>([
    // JSON
    ['{"level":"error","msg":"x"}', 'error'],
    ['{"severity":"WARNING","message":"x"}', 'warn'],
    ['{"lvl":"dbug","msg":"x"}', 'debug'],
    ['{"level":50,"msg":"pino"}', 'error'],
    ['{"level":60,"msg":"pino"}', 'fatal'],
    ['{"level":"30","msg":"pino as text"}', 'info'],
    ['{"level":3,"short_message":"GELF"}', 'error'],
    ['{"levelname":"CRITICAL","message":"python"}', 'fatal'],
    ['{"log.level":"warn","message":"ECS"}', 'warn'],
    ['{"log":{"level":"error"},"message":"ECS, nested"}', 'error'],
    ['{"severityText":"Error","severityNumber":17,"body":"OTel"}', 'error'],
    ['{"severityNumber":21,"body":"OTel"}', 'fatal'],
    ['{"@t":"2026-11-24T12:00:00Z","@m":"serilog","@level":"Warning"}', 'warn'],
    ['{"msg":"panic: inside of JSON"}', 'fatal'],
    ['{"msg":"nothing said"}', null],
    ['{"level":"error","msg":"cut off in the mid', 'error'],
    // logfmt
    ['time=2026-11-24T12:00:00Z level=error msg="cannot connect" err=EOF', 'error'],
    ['ts=1 lvl=warn msg=x', 'warn'],
    ['severity=notice msg=x', 'info'],
    // klog and glog
    ['E1124 12:00:00.123456       1 reflector.go:147] Failed to watch', 'error'],
    ['W1124 12:00:00       1 x.go:1] text', 'warn'],
    ['I1124 12:00:00.000000   12345 server.go:10] no ERROR here', 'info'],
    ['F20261124 12:00:00.000000 1 main.cc:1] glog with the year', 'fatal'],
    // log4j, logback, Spring
    ['2026-11-24 12:00:00,123 ERROR [main] com.example.Cart - boom', 'error'],
    ['12:00:00.123 [main] WARN  com.example.Cart - careful', 'warn'],
    ['2026-11-24T12:00:00.000Z  INFO 1 --- [main] c.e.Cart : started', 'info'],
    ['ERROR [http-nio-8080-exec-1] boom', 'error'],
    ['Nov 24, 2026 12:00:00 PM org.apache.Foo run SEVERE: bad', 'error'],
    // python
    ['ERROR:root:boom', 'error'],
    ['WARNING:urllib3.connectionpool:Retrying', 'warn'],
    ['2026-11-24 12:00:00,000 - app - CRITICAL - boom', 'fatal'],
    ['Traceback (most recent call last):', 'error'],
    // web servers and databases
    ['2026/11/24 12:00:00 [error] 29#29: *1 connect() failed (111: Connection refused)', 'error'],
    ['2026/11/24 12:00:00 [emerg] 1#1: bind() failed', 'fatal'],
    ['2026/11/24 12:00:00 [notice] 1#1: start worker', 'info'],
    ['[Tue Nov 24 12:00:00.000000 2026] [core:error] [pid 1:tid 1] AH00126', 'error'],
    ['[Tue Nov 24 12:00:00 2026] [warn] old apache', 'warn'],
    ['2026-11-24 12:00:00.000 UTC [1] FATAL:  password authentication failed for user "cart"', 'fatal'],
    ['2026-11-24 12:00:00.000 UTC [1] ERROR:  relation "x" does not exist', 'error'],
    ['2026-11-24T12:00:00.000000Z 0 [ERROR] [MY-010119] [Server] Aborting', 'error'],
    ['1:M 24 Nov 2026 12:00:00.000 # Out of memory', 'warn'],
    ['1:M 24 Nov 2026 12:00:00.000 * Ready to accept connections', 'info'],
    // runtimes at their end
    ['panic: runtime error: index out of range [5] with length 3', 'fatal'],
    ['fatal error: all goroutines are asleep - deadlock!', 'fatal'],
    ['goroutine 1 [running]:', 'fatal'],
    ["thread 'main' panicked at src/main.rs:2:5:", 'fatal'],
    ["thread 'main' (1) panicked at src/main.rs:2:5:", 'fatal'],
    ['Exception in thread "main" java.lang.OutOfMemoryError: Java heap space', 'error'],
    ['java.net.ConnectException: Connection refused', 'error'],
    ['Caused by: java.sql.SQLException: no', 'error'],
    ["TypeError: Cannot read properties of undefined (reading 'x')", 'error'],
    ['Error: connect ECONNREFUSED 10.0.0.1:80', 'error'],
    ['Segmentation fault (core dumped)', 'fatal'],
    // others
    ['2026-11-24T12:00:00.000Z\tERROR\tcontroller\tmsg\t{"k": 1}', 'error'],
    ['[2026-11-24T12:00:00Z ERROR my_crate] boom', 'error'],
    ['2026-11-24T12:00:00.0Z  WARN my_crate: careful', 'warn'],
    ['fail: Microsoft.AspNetCore.Server.Kestrel[13]', 'error'],
    ['crit: Microsoft.Hosting[1]', 'fatal'],
    ['E, [2026-11-24T12:00:00.000000 #1] ERROR -- : boom', 'error'],
    ['\u001b[31mERROR\u001b[0m boom', 'error'],
    ['npm error: boom', null],
    // nothing said is nothing claimed
    ['127.0.0.1 - - [24/Nov/2026:12:00:00 +0000] "GET /error HTTP/1.1" 500 12', null],
    ['an ErrorBoundary was rendered', null],
    ['errors: 0', null],
    ['INFORMATION about nothing', null],
    ['', null],
  ])('%s → %s', (line, level) => {
    expect(parseLogText(line, 'stdout').data.level).toBe(level);
  });
});

describe('the trace of a line', () => {
  const both = { traceId: trace, spanId: span };
  const none = { traceId: null, spanId: null };
  test.each([
    [`{"trace_id":"${trace}","span_id":"${span}","msg":"x"}`, both],
    [`{"traceId":"${trace}","spanId":"${span}"}`, both],
    [`{"traceId":"${trace.toUpperCase()}"}`, { traceId: trace, spanId: null }],
    [`{"trace":{"id":"${trace}"},"span":{"id":"${span}"}}`, both],
    [`{"trace.id":"${trace}","span.id":"${span}"}`, both],
    [`{"otelTraceID":"${trace}","otelSpanID":"${span}"}`, both],
    [`{"logging.googleapis.com/trace":"projects/p/traces/${trace}","logging.googleapis.com/spanId":"${span}"}`, both],
    [`{"traceparent":"00-${trace}-${span}-01"}`, both],
    [`{"headers":{"traceparent":"00-${trace}-${span}-01"},"msg":"x"}`, none],
    [`level=info trace_id=${trace} span_id=${span}`, both],
    [`level=info traceID=${trace}`, { traceId: trace, spanId: null }],
    [`traceparent: 00-${trace}-${span}-00 GET /`, both],
    [`2026-11-24 INFO [cart,${trace},${span}] x`, both],
    [
      `2026-11-24 INFO [cart,a3ce929d0e0e4736,${span},true] x`,
      { traceId: '0000000000000000a3ce929d0e0e4736', spanId: span },
    ],
    [`trace-id: "${trace}"`, { traceId: trace, spanId: null }],
    // never invented
    [`{"trace_id":"${'0'.repeat(32)}","span_id":"${span}"}`, none],
    [`{"trace_id":"not hex","span_id":"${span}"}`, none],
    [`{"trace_id":12345}`, none],
    [`digest ${trace} of a file`, none],
    [`span_id=${span}`, none],
  ])('%s', (line, expected) => {
    const { traceId, spanId } = parseLogText(line, 'stdout');
    expect({ traceId, spanId }).toEqual(expected);
  });
});

describe('the message and the rest', () => {
  test('a JSON line gives its message, and its other scalars by dotted path', () => {
    const line = {
      time: 'x',
      level: 'error',
      service: 'cart',
      msg: 'boom',
      error: { code: 'ECONNREFUSED', port: 80 },
      tags: ['a'],
      ok: false,
      gone: null,
    };
    expect(parseLogText(JSON.stringify(line), 'stderr').data).toEqual({
      kind: 'line',
      stream: 'stderr',
      message: 'boom',
      level: 'error',
      attributes: { service: 'cart', 'error.code': 'ECONNREFUSED', 'error.port': 80, ok: false },
    });
  });

  test('a JSON line without a message stays itself', () => {
    expect(parseLogText('{"status":500}', 'stdout').data.message).toBe('{"status":500}');
  });

  test('a text line stays whole, without its colours', () => {
    expect(parseLogText('\u001b[1;31mERROR\u001b[0m level=error boom  ', 'stdout').data.message).toBe(
      'ERROR level=error boom',
    );
  });

  test('a long message is cut, and not within a character', () => {
    const { message } = parseLogText('😀'.repeat(20_000), 'stdout').data;
    expect(message.length).toBeLessThanOrEqual(16_384);
    expect(Buffer.from(message).toString()).toBe(message);
  });

  test('any text gives a line, and any JSON object does', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(parseLogText(text, 'stdout').data.kind).toBe('line')));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const { data } = parseLogText(JSON.stringify(object), 'stdout');
        expect(
          Object.values(data.attributes).every((value) => ['string', 'number', 'boolean'].includes(typeof value)),
        ).toBe(true);
      }),
    );
  });

  test('a hostile line does not hold the thread: matching stays linear', () => {
    for (const line of [
      '['.repeat(100_000),
      'a.'.repeat(50_000),
      `${' '.repeat(100_000)}x`,
      'trace'.repeat(20_000),
      '-'.repeat(100_000),
    ]) {
      expect(parseLogText(line, 'stdout').data.level).toBeNull();
    }
  });
});
