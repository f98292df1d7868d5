import { Kind, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql';

/**
 * Whether the field being resolved is asked for one of `names` at `path` below itself. What @skip and @include take away counts as
 * asked for: at worst something is fetched that nobody reads.
 */
export function asksFor(
  { fieldNodes, fragments }: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>,
  path: readonly string[],
  names: readonly string[],
): boolean {
  const within = (selections: SelectionSetNode | undefined, depth: number): boolean =>
    selections?.selections.some((selection) => {
      if (selection.kind === Kind.INLINE_FRAGMENT) return within(selection.selectionSet, depth);
      if (selection.kind === Kind.FRAGMENT_SPREAD) return within(fragments[selection.name.value]?.selectionSet, depth);
      if (depth === path.length) return names.includes(selection.name.value);
      return selection.name.value === path[depth] && within(selection.selectionSet, depth + 1);
    }) ?? false;
  return fieldNodes.some(({ selectionSet }) => within(selectionSet, 0));
}
