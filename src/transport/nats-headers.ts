import { headers, type MsgHdrs } from '@nats-io/transport-node';

/** Our own headers of a message; those that NATS adds (`Nats-…`) stay at the boundary. */
export function plainHeaders(from: MsgHdrs | undefined): Readonly<Record<string, string>> {
  const plain: Record<string, string> = {};
  for (const key of from?.keys() ?? []) {
    if (!key.startsWith('Nats-')) plain[key] = from!.get(key);
  }
  return plain;
}

export function natsHeaders(from: Readonly<Record<string, string>> | undefined): MsgHdrs {
  const made = headers();
  for (const [key, value] of Object.entries(from ?? {})) made.set(key, value);
  return made;
}
