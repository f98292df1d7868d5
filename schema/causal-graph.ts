import { Field, Float, ObjectType } from 'type-graphql';
import { Event } from './event.js';
import type { EventRow } from './event.js';

@ObjectType({ simpleResolvers: true, description: 'One event led to another, as one rule says, on this evidence.' })
export class CausalEdge {
  @Field(() => String, { description: 'Id of the rule that drew it.' })
  readonly rule!: string;

  @Field(() => [String], { description: 'What speaks for it, in plain words.' })
  readonly evidence!: readonly string[];

  @Field(() => Float, { description: 'Combined strength, 0 to 1.' })
  readonly confidence!: number;

  @Field(() => Float, { description: 'Score of order and delay, 0 to 1.' })
  readonly temporal!: number;

  @Field(() => Float, { description: 'Score of nearness in the topology, 0 to 1.' })
  readonly spatial!: number;

  @Field(() => Float, { description: 'Score of the rule itself, 0 to 1.' })
  readonly causal!: number;

  @Field(() => Float, { description: 'Score of how well the words of the effect name the cause, 0 to 1.' })
  readonly semantic!: number;

  @Field(() => Float, {
    description: 'Milliseconds from cause to effect; negative when clocks or polling put the effect first.',
  })
  readonly lagMs!: number;
}

/** A causal edge with the ids of its ends. */
export type CausalEdgeRow = CausalEdge & { readonly from: string; readonly to: string };

@ObjectType({ simpleResolvers: true, description: 'Events and what led to what.' })
export class CausalGraph {
  @Field(() => [Event], { description: 'Every event that an edge touches, and the ones asked about, by time.' })
  readonly nodes!: readonly EventRow[];

  @Field(() => [CausalEdge], { description: 'Surest first.' })
  readonly edges!: readonly CausalEdgeRow[];

  @Field(() => Boolean, { description: 'Whether more edges lead on from here than a graph may hold.' })
  readonly truncated!: boolean;
}
