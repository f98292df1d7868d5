import type { Resource } from './resources.js';
import type { ServedObject } from './trim.js';

interface DefinitionSpec {
  readonly group: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly names: { readonly plural: string; readonly kind: string };
  readonly versions: readonly DefinitionVersion[];
}

interface DefinitionVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly subresources?: { readonly status?: object };
  readonly schema?: { readonly openAPIV3Schema?: Schema };
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/**
 * The custom resource a CustomResourceDefinition makes available, or null when there is nothing to watch: it is not established
 * (or is being removed), serves no version, or its objects have no status that could say how they are.
 */
export function customResource(definition: ServedObject): Resource | null {
  const spec = definition['spec'] as DefinitionSpec;
  if (definition.metadata.deletionTimestamp !== undefined || !established(definition)) return null;
  const served = spec.versions.filter((version) => version.served);
  const version = served.find(({ storage }) => storage) ?? served[0];
  if (version === undefined || !hasStatus(version)) return null;
  const { plural, kind } = spec.names;
  return {
    group: spec.group,
    version: version.name,
    plural,
    kind,
    namespaced: spec.scope === 'Namespaced',
    changes: 'all',
  };
}

function established(definition: ServedObject): boolean {
  const status = definition['status'] as { conditions?: readonly { type: string; status: string }[] } | undefined;
  return status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True') ?? false;
}

function hasStatus({ subresources, schema }: DefinitionVersion): boolean {
  const root = schema?.openAPIV3Schema;
  return (
    subresources?.status !== undefined ||
    root?.properties?.['status'] !== undefined ||
    root?.['x-kubernetes-preserve-unknown-fields'] === true
  );
}
