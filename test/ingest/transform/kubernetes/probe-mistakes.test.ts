import { describe, expect, test } from '@jest/globals';
import { mistakeOf, portOfProbe } from '../../../../ingest/transform/kubernetes/probe-mistakes.js';

const slow = { initialDelaySeconds: 5, periodSeconds: 10, failureThreshold: 3 };

describe('what is wrong with a probe itself', () => {
  test('a port that the container does not declare, and where nobody listens', () => {
    expect(mistakeOf(slow, 'dial tcp 10.0.0.1:81: connect: connection refused', 81, [80], false)).toBe('port');
    expect(mistakeOf(slow, 'timeout: failed to connect service "10.0.0.1:81" within 1s', 81, [80], false)).toBe('port');
  });

  test('a server that is slow to answer on an undeclared port is there', () => {
    const slowly = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
    expect(mistakeOf(slow, slowly, 81, [80], true)).toBeNull();
  });

  test('a server that speaks another protocol', () => {
    const grpc = 'HTTP/1.x transport connection broken: malformed HTTP response "\\x00\\x00"';
    expect(mistakeOf(slow, grpc, 80, [80], false)).toBe('protocol');
    expect(mistakeOf(slow, 'error: this server does not implement the grpc health protocol', 80, [80], false)).toBe(
      'protocol',
    );
  });

  test('a leash too short to start on counts once it has ended the container', () => {
    const short = { initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 1 };
    expect(mistakeOf(short, 'context deadline exceeded', 80, [80], true)).toBe('timing');
    expect(mistakeOf(short, 'context deadline exceeded', 80, [80], false)).toBeNull();
    expect(mistakeOf(slow, 'context deadline exceeded', 80, [80], true)).toBeNull();
    expect(mistakeOf(short, 'HTTP probe failed with statuscode: 500', 80, [80], true)).toBeNull();
  });

  test('the port of a probe, where it is a number', () => {
    expect(portOfProbe({ grpc: { port: 50051 } })).toBe(50051);
    expect(portOfProbe({ httpGet: { port: 'http' } })).toBeNull();
  });
});
