import {
  getNamedType,
  getOperationAST,
  GraphQLError,
  isCompositeType,
  isListType,
  isObjectType,
  getNullableType,
  Kind,
  parse,
  specifiedRules,
  validate,
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { apiError, type ApiErrorCode } from './errors.js';

/** What one operation may ask, on HTTP and on WebSocket alike. */
export interface QueryLimits {
  /** Tokens in its text. */
  readonly maxTokens: number;
  /** Fields inside of fields. */
  readonly maxDepth: number;
  readonly maxAliases: number;
  readonly maxDirectives: number;
  /** See {@link operationCost}. */
  readonly maxCost: number;
}

/** Rows that a list without `first` is taken to have. */
const assumedListRows = 10;
const assumedPageRows = 20;
const maxPageRows = 500;

/** Checked along with the rules of the specification, before anything is executed. Linear in the document, whatever its fragments do. */
export function limitRules(limits: QueryLimits): readonly ValidationRule[] {
  return [
    (context) => countRule(context, 'alias', limits.maxAliases),
    (context) => countRule(context, 'directive', limits.maxDirectives),
    (context) => depthRule(context, limits.maxDepth),
  ];
}

/** For a transport without Apollo: the document, or why it is refused. */
export function parseWithin(
  schema: GraphQLSchema,
  source: string,
  limits: QueryLimits,
): DocumentNode | readonly GraphQLError[] {
  let document: DocumentNode;
  try {
    document = parse(source, { maxTokens: limits.maxTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return [apiErrorAt('GRAPHQL_PARSE_FAILED', error)];
  }
  const errors = validate(schema, document, [...specifiedRules, ...limitRules(limits)]);
  if (errors.length > 0) {
    return errors.map((error) => (error.extensions['code'] ? error : apiErrorAt('GRAPHQL_VALIDATION_FAILED', error)));
  }
  return document;
}

function apiErrorAt(code: ApiErrorCode, { message, nodes, source, positions }: GraphQLError): GraphQLError {
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code },
  });
}

export interface CostedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
}

/** Throws QUERY_TOO_COSTLY. For valid documents only: variables are known only after validation. */
export function checkCost(operation: CostedOperation, { maxCost }: QueryLimits): void {
  const cost = operationCost(operation);
  if (cost <= maxCost) return;
  throw apiError(
    'QUERY_TOO_COSTLY',
    `The operation costs ${cost}; at most ${maxCost} is allowed. Ask for fewer rows with \`first\`, or for fewer fields.`,
    { httpStatus: 400 },
  );
}

/**
 * A point for every field, times the rows it is asked for: `first` of a connection (20 by default), ten for a list that takes no
 * `first`. Introspection is free: the depth that graphql-js allows it bounds it.
 */
export function operationCost({ schema, document, operationName, variables }: CostedOperation): number {
  const operation = getOperationAST(document, operationName);
  const root = operation ? schema.getRootType(operation.operation) : null;
  if (!operation || !root) return 0;
  const fragments = fragmentsOf(document);
  const known = new Map<string, number>();

  function selectionCost(selections: SelectionSetNode, type: GraphQLObjectType, pageRows: number): number {
    let cost = 0;
    for (const selection of selections.selections) {
      if (selection.kind === Kind.FIELD) cost += fieldCost(selection, type, pageRows);
      else if (selection.kind === Kind.INLINE_FRAGMENT) cost += selectionCost(selection.selectionSet, type, pageRows);
      else cost += fragmentCost(selection.name.value, pageRows);
    }
    return cost;
  }

  function fragmentCost(name: string, pageRows: number): number {
    const key = `${name} ${pageRows}`;
    const fragment = fragments.get(name);
    const type = fragment && schema.getType(fragment.typeCondition.name.value);
    if (!isObjectType(type) || !fragment) return 0;
    const cost = known.get(key) ?? selectionCost(fragment.selectionSet, type, pageRows);
    known.set(key, cost);
    return cost;
  }

  function fieldCost(node: FieldNode, parent: GraphQLObjectType, pageRows: number): number {
    const field = parent.getFields()[node.name.value];
    if (!field) return 0;
    const type = getNamedType(field.type);
    if (!node.selectionSet || !isObjectType(type)) return 1;
    const paged = field.args.some((argument) => argument.name === 'first');
    const inConnection = parent.name.endsWith('Connection') && node.name.value === 'edges';
    const list = isListType(getNullableType(field.type)) && isCompositeType(type);
    const rows = inConnection ? pageRows : list ? assumedListRows : 1;
    const rowsBelow = paged ? pageRowsOf(node, operation!, variables) : 0;
    return 1 + rows * selectionCost(node.selectionSet, type, rowsBelow);
  }

  return selectionCost(operation.selectionSet, root, 0);
}

function pageRowsOf(
  node: FieldNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>> | null | undefined,
): number {
  let value = node.arguments?.find((argument) => argument.name.value === 'first')?.value;
  if (value?.kind === Kind.VARIABLE) {
    const { name } = value;
    const given = variables?.[name.value];
    if (typeof given === 'number') return Math.min(Math.max(given, 0), maxPageRows);
    value = operation.variableDefinitions?.find((each) => each.variable.name.value === name.value)?.defaultValue;
  }
  return value?.kind === Kind.INT ? Math.min(Math.max(Number(value.value), 0), maxPageRows) : assumedPageRows;
}

function countRule(context: ValidationContext, what: 'alias' | 'directive', max: number): ASTVisitor {
  const code = what === 'alias' ? 'QUERY_TOO_MANY_ALIASES' : 'QUERY_TOO_MANY_DIRECTIVES';
  let count = 0;
  const one = (): void => {
    count += 1;
    if (count === max + 1)
      context.reportError(apiError(code, `At most ${max} ${what === 'alias' ? 'aliases' : 'directives'} are allowed.`));
  };
  return what === 'directive'
    ? { Directive: one }
    : {
        Field(node) {
          if (node.alias) one();
        },
      };
}

function depthRule(context: ValidationContext, max: number): ASTVisitor {
  const fragments = fragmentsOf(context.getDocument());
  const known = new Map<string, number>();

  function depthOf({ selections }: SelectionSetNode): number {
    let deepest = 0;
    for (const selection of selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) deepest = Math.max(deepest, fragmentDepth(selection.name.value));
      else if (selection.kind === Kind.INLINE_FRAGMENT) deepest = Math.max(deepest, depthOf(selection.selectionSet));
      else deepest = Math.max(deepest, 1 + (selection.selectionSet ? depthOf(selection.selectionSet) : 0));
    }
    return deepest;
  }

  function fragmentDepth(name: string): number {
    const depth = known.get(name);
    if (depth !== undefined) return depth;
    const fragment = fragments.get(name);
    // A fragment inside of itself adds nothing here; the specification's own rule refuses it.
    known.set(name, 0);
    if (fragment) known.set(name, depthOf(fragment.selectionSet));
    return known.get(name)!;
  }

  return {
    OperationDefinition(node) {
      const depth = depthOf(node.selectionSet);
      if (depth <= max) return;
      context.reportError(
        apiError('QUERY_TOO_DEEP', `The operation is ${depth} fields deep; at most ${max} are allowed.`),
      );
    },
  };
}

function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}
