import { Component, type ErrorInfo, type ReactNode } from 'react';
import { Crashed } from './Crashed';

/** Shows words in place of an empty page when a page fails, a chunk of it that does not load included. */
export class CrashBoundary extends Component<{ children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError() {
    return { crashed: true };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override render() {
    return this.state.crashed ? <Crashed /> : this.props.children;
  }
}
