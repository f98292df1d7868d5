import { Field, Int, ObjectType, type ClassType } from 'type-graphql';
import { apiError } from '../src/api/errors.js';

export const defaultPageSize = 20;
export const maxPageSize = 500;

@ObjectType({ simpleResolvers: true, description: 'Where a page stands in its list.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether asking again with `after: endCursor` gives more.' })
  readonly hasNextPage!: boolean;

  @Field(() => Boolean, {
    description: 'Whether this page was asked for with `after`, so that something comes before it.',
  })
  readonly hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge; null on an empty page.' })
  readonly startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last edge; null on an empty page.' })
  readonly endCursor!: string | null;
}

/** A page as resolvers give it. `totalCount` is a function, so that nobody pays for counting who has not asked for it. */
export interface Page<Row> {
  readonly edges: readonly { readonly cursor: string; readonly node: Row }[];
  readonly pageInfo: PageInfo;
  readonly totalCount: () => Promise<number>;
}

/** The connection class of a list of `node`, `<name>Connection`, in the form of the Relay specification. */
export function connectionOf(name: string, node: () => ClassType, plural: string): ClassType {
  @ObjectType(`${name}Edge`, {
    simpleResolvers: true,
    description: `One of the ${plural}, with its place in the list.`,
  })
  class Edge {
    @Field(() => String, { description: 'Place in the list, for `after`. It stays valid while the list grows.' })
    readonly cursor!: string;

    @Field(node, { description: 'The thing itself.' })
    readonly node!: object;
  }

  @ObjectType(`${name}Connection`, { simpleResolvers: true, description: `A page of ${plural}.` })
  class Connection {
    @Field(() => [Edge], { description: 'The page.' })
    readonly edges!: readonly Edge[];

    @Field(() => PageInfo, { description: 'Where the page stands.' })
    readonly pageInfo!: PageInfo;

    @Field(() => Int, { description: 'How many there are on all pages; counted only when asked for.' })
    readonly totalCount!: number;
  }
  return Connection;
}

/** The rows wanted; fails with PAGE_TOO_LARGE or BAD_USER_INPUT. Statements are asked for one more, which tells whether there is a next page. */
export function pageSize(first: number | null | undefined): number {
  const size = first ?? defaultPageSize;
  if (size < 0) throw apiError('BAD_USER_INPUT', '`first` cannot be negative.');
  if (size > maxPageSize)
    throw apiError('PAGE_TOO_LARGE', `\`first\` can be at most ${maxPageSize}; ask for the rest with \`after\`.`);
  return size;
}

/** `rows` may hold one row more than `size`. */
export function pageOf<Row>(
  rows: readonly Row[],
  size: number,
  after: string | null | undefined,
  cursor: (row: Row) => string,
  totalCount: () => Promise<number>,
): Page<Row> {
  const edges = rows.slice(0, size).map((row) => ({ cursor: cursor(row), node: row }));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > size,
      hasPreviousPage: after !== null && after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount,
  };
}

/** A position in a list as opaque text. `list` names the list and its order, so that a cursor of another one is refused. */
export function encodeCursor(list: string, ...position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([list, ...position])).toString('base64url');
}

/** The position behind a cursor, null for none; fails with CURSOR_INVALID when it is not of this list. */
export function decodeCursor<Position extends readonly (string | number)[]>(
  list: string,
  shape: Position,
  cursor: string | null | undefined,
): { -readonly [Index in keyof Position]: Position[Index] extends number ? number : string } | null {
  if (cursor === null || cursor === undefined) return null;
  const parts = parseJson(Buffer.from(cursor, 'base64url').toString());
  const fits =
    Array.isArray(parts) &&
    parts.length === shape.length + 1 &&
    parts[0] === list &&
    shape.every((sample, index) => typeof parts[index + 1] === typeof sample);
  if (!fits) throw apiError('CURSOR_INVALID', 'This cursor is not one of this list in this order.');
  return parts.slice(1) as { -readonly [Index in keyof Position]: Position[Index] extends number ? number : string };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
