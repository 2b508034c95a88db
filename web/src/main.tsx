import '@mantine/core/styles.css';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { App } from './App';
import { connect } from './backend/app';
import { CrashBoundary } from './components/CrashBoundary';
import { Crashed } from './components/Crashed';
import { Unreachable } from './components/Unreachable';
import { loadMessages } from './messages/i18n';
import { cssVariables, mantineTheme } from './theme/mantine';
import { registerWorker } from './worker/register';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

registerWorker().catch((error: unknown) => console.error(error));
await loadMessages();
const failure = await connect().then(
  () => undefined,
  (error: unknown) => error ?? 'unknown',
);
if (failure) console.error('The back end cannot be found', failure);

createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={mantineTheme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
    >
      <CrashBoundary instead={<Crashed />}>
        {failure ? (
          <Unreachable />
        ) : (
          <BrowserRouter>
            <App />
          </BrowserRouter>
        )}
      </CrashBoundary>
    </MantineProvider>
  </StrictMode>,
);
