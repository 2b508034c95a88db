import { Component, type ErrorInfo, type ReactNode } from 'react';

interface CrashBoundaryProps {
  /** Shown in place of what has failed. */
  instead: ReactNode;
  children: ReactNode;
}

/** Shows words in place of an empty page when a part fails, a chunk of it that does not load included. */
export class CrashBoundary extends Component<CrashBoundaryProps, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError() {
    return { crashed: true };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override render() {
    return this.state.crashed ? this.props.instead : this.props.children;
  }
}
