import { nkeys } from '@nats-io/transport-node';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary } from '../servers/programs.js';

/** An operator with one account that may use JetStream: what a server is configured with, and a user's `.creds` file, as `nsc` would make them. */
export function createAccount(): { readonly configuration: string; readonly credentials: string } {
  const operator = nkeys.createOperator();
  const system = nkeys.createAccount();
  const account = nkeys.createAccount();
  const user = nkeys.createUser();
  const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

  const operatorJwt = jwt(operator, operator.getPublicKey(), 'operator', {
    type: 'operator',
    system_account: system.getPublicKey(),
  });
  const systemJwt = jwt(operator, system.getPublicKey(), 'SYS', { type: 'account', limits: unlimited });
  const accountJwt = jwt(operator, account.getPublicKey(), 'throughline', {
    type: 'account',
    limits: { ...unlimited, ...storage },
  });
  const userJwt = jwt(account, user.getPublicKey(), 'agent', { type: 'user', subs: -1, data: -1, payload: -1 });
  return {
    configuration: [
      `operator: ${operatorJwt}`,
      `system_account: ${system.getPublicKey()}`,
      'resolver: MEMORY',
      `resolver_preload: { ${system.getPublicKey()}: ${systemJwt}, ${account.getPublicKey()}: ${accountJwt} }`,
    ].join('\n'),
    credentials: [
      '-----BEGIN NATS USER JWT-----',
      userJwt,
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      new TextDecoder().decode(user.getSeed()),
      '------END USER NKEY SEED------',
      '',
    ].join('\n'),
  };
}

/** An authority and one certificate of it, for server and client alike, valid for the loopback address. */
export function createCertificates(folder: string): {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
} {
  const file = (name: string) => join(folder, name);
  const program = binary('openssl');
  if (program === null) throw new Error('openssl not found: apt-get install openssl');
  const openssl = (...args: string[]) => execFileSync(program, args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n');
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-subj',
    '/CN=test ca',
    '-days',
    '1',
  );
  openssl('req', ...newKey, '-keyout', file('key.pem'), '-out', file('request.pem'), '-subj', '/CN=localhost');
  const authority = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'];
  const names = ['-extfile', file('names'), '-days', '1'];
  openssl('x509', '-req', '-in', file('request.pem'), ...authority, ...names, '-out', file('cert.pem'));
  return { caFile: file('ca.pem'), certFile: file('cert.pem'), keyFile: file('key.pem') };
}

/** The NATS form of a JWT: signed with the issuer's Ed25519 nkey. */
function jwt(issuer: ReturnType<typeof nkeys.createUser>, subject: string, name: string, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(Date.now() / 1_000);
  const body = { iat, iss: issuer.getPublicKey(), sub: subject, name, nats: { ...claims, version: 2 } };
  const jti = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ ...body, jti })}`;
  return `${signed}.${Buffer.from(issuer.sign(new TextEncoder().encode(signed))).toString('base64url')}`;
}
