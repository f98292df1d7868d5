import type { ErrorText } from './error-texts.js';

/** API groups of Kubernetes itself: what is missing of them was removed by an upgrade, and was never a CustomResourceDefinition. */
const ownGroups =
  '(?:extensions|apps|batch|policy|autoscaling|(?:admissionregistration|apiextensions|authentication|authorization|certificates|coordination|discovery|events|flowcontrol\\.apiserver|networking|node|rbac\\.authorization|scheduling|storage)\\.k8s\\.io)';

/** How etcd, the API server and its clients (client-go, controller-runtime) say what is wrong with the control plane; most specific first. */
export const controlPlaneTexts: readonly ErrorText[] = [
  {
    pattern: /mvcc: database space exceeded|alarm raised.*NOSPACE|NOSPACE alarm|alarm:NOSPACE/,
    category: 'etcd.space-exceeded',
  },
  {
    // An election takes a second or two, and is over then; without a quorum it goes on.
    pattern:
      /etcdserver: no leader|lost leader \S+ at term|etcdserver: request timed out, possibly due to (?:previous leader failure|connection lost)|lost the TCP streaming connection with peer.*quorum|etcd cluster is unavailable or misconfigured/,
    category: 'etcd.no-leader',
  },
  {
    // etcd server: `slow fdatasync` beyond 1 s, `apply request took too long` beyond 100 ms, heartbeats behind the ticker.
    pattern:
      /apply request took too long|apply entries took too long|slow fdatasync|leader failed to send out heartbeat on time|waiting for ReadIndex response took too long|etcdserver: request timed out\b/,
    category: 'etcd.slow',
  },
  {
    pattern:
      /the server has received too many requests and has asked us to try again later|Too many requests, please try again later\.|too many requests, please try again later/,
    category: 'apiserver.overloaded',
    error: '429',
  },
  {
    // client-go's words for a 504 of the API server: what is behind it did not answer in time.
    pattern: /the server was unable to return a response in the time allotted/,
    category: 'call.timeout',
    error: 'ETIMEDOUT',
    extract: (_match, attributes) => {
      attributes.peer = 'kubernetes.default.svc:443';
    },
  },
  {
    pattern:
      /service account token (?:has expired|is not valid yet)|token has been invalidated|Unable to authenticate the request|the server has asked for the client to provide credentials|You must be logged in to the server|(?:failed to (?:list|watch|get)|error retrieving)\b.*: Unauthorized\b/,
    category: 'serviceaccount.token-rejected',
    error: '401',
  },
  {
    // https://kubernetes.io/docs/reference/using-api/deprecation-guide/
    pattern: new RegExp(`no matches for kind "(\\w+)" in version "(${ownGroups}/v\\d+(?:alpha|beta)\\d+)"`),
    category: 'api.version-removed',
    error: '404',
    extract: (match, attributes) => {
      attributes.apiKind = match[1]!;
      attributes.apiVersion = match[2]!;
    },
  },
  {
    pattern: /no matches for kind "(\w+)" in (?:version|group) "([^"/]+)(?:\/(\w+))?"/,
    category: 'crd.missing',
    error: '404',
    extract: (match, attributes) => {
      attributes.apiKind = match[1]!;
      attributes.apiGroup = match[2]!;
    },
  },
  {
    pattern: /the server could not find the requested resource \((?:get|post|put|patch|delete) ([a-z0-9-]+\.[\w.-]+)\)/,
    category: 'crd.missing',
    error: '404',
    extract: (match, attributes) => {
      attributes.missing = match[1]!;
    },
  },
  {
    // client-go tools/leaderelection and controller-runtime, which end the program then.
    pattern:
      /failed to renew lease (\S+?):? |leader ?election lost|leader ?election (?:lease|lock) lost|lost leader(?:ship| ?election)/i,
    category: 'controller.leadership-lost',
    extract: (match, attributes) => {
      if (match[1]) attributes.lease = match[1];
    },
  },
];
