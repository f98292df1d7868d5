import { Component, createElement, type ComponentChild, type ComponentType, type FunctionComponent } from 'preact';

/** Draws anew only when a property is another one; signals that the component reads still draw it by themselves. */
export function memo<Properties extends object>(draw: FunctionComponent<Properties>): ComponentType<Properties> {
  return class extends Component<Properties> {
    override shouldComponentUpdate(next: Readonly<Properties>): boolean {
      const before: Record<string, unknown> = { ...this.props };
      const after: Record<string, unknown> = { ...next };
      return Object.keys({ ...before, ...after }).some((name) => before[name] !== after[name]);
    }
    override render(): ComponentChild {
      return createElement<Properties>(draw, this.props);
    }
  };
}
