import { Button, CopyButton, Group, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { deleteWebhook, saveWebhook, testWebhook } from '../backend/callables';
import { watchWebhooks } from '../backend/live';
import { speech } from '../messages/i18n';
import { shortTime } from '../model/times';
import { type CustomerWebhook, isTaken } from '../model/webhooks';
import { useCustomer } from '../session/context';
import { useAction } from '../session/useAction';
import { useLive } from '../session/useLive';
import { AskFirst } from './AskFirst';
import { Failure } from './Failure';
import { ExactField } from './fields';
import { LiveList } from './LiveList';

/** The secret of a webhook, which is shown this once. */
function Secret({ secret }: { secret: string }) {
  const { t } = useTranslation();
  return (
    <Stack gap="xs" role="status" data-secret>
      <TextInput
        label={t('webhooks.secret')}
        description={t('webhooks.secretText')}
        value={secret}
        readOnly
        onFocus={(event) => event.currentTarget.select()}
      />
      <Group>
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button variant="default" size="compact-sm" onClick={copy}>
              {t(copied ? 'sharing.copied' : 'webhooks.copy')}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Stack>
  );
}

function WebhookRow({ webhook, now }: { webhook: CustomerWebhook; now: number }) {
  const { t } = useTranslation();
  const { id, url, enabled, disabledReason, lastStatus, lastAt } = webhook;
  const [switched, switchTo] = useAction((on: boolean) =>
    saveWebhook({ webhookId: id, url, enabled: on }),
  );
  const [rotated, rotate] = useAction(() =>
    saveWebhook({ webhookId: id, url, enabled, rotate: true }),
  );
  const [tested, test] = useAction(() => testWebhook({ webhookId: id }));
  const [deleted, remove] = useAction(() => deleteWebhook({ webhookId: id }));
  const answer = (status: number | null | undefined) =>
    status === null || status === undefined
      ? t('webhooks.noAnswer')
      : t(isTaken(status) ? 'webhooks.taken' : 'webhooks.refused', { status });
  const off =
    disabledReason === 'gone' || disabledReason === 'failing' ? disabledReason : undefined;
  return (
    <Stack component="li" gap={6} data-webhook={enabled ? 'on' : 'off'}>
      <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
        {url}
      </Text>
      {off && <Text size="xs">{t(`webhooks.${off}`)}</Text>}
      {lastAt !== undefined && (
        <Text size="xs" c="dimmed">
          {t('webhooks.last', {
            time: shortTime(lastAt, now, speech.locale),
            answer: answer(lastStatus),
          })}
        </Text>
      )}
      <Group gap="sm">
        <Switch
          label={t('alerts.on')}
          aria-label={t('webhooks.onNamed', { url })}
          checked={enabled}
          disabled={switched.state === 'busy'}
          onChange={(event) => void switchTo(event.currentTarget.checked)}
        />
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t('webhooks.testNamed', { url })}
          loading={tested.state === 'busy'}
          onClick={() => void test()}
        >
          {t('webhooks.test')}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t('webhooks.rotateNamed', { url })}
          loading={rotated.state === 'busy'}
          onClick={() => void rotate()}
        >
          {t('webhooks.rotate')}
        </Button>
        <AskFirst
          label={t('alerts.delete')}
          text={t('webhooks.deleteText')}
          yes={t('alerts.delete')}
          no={t('common.leaveIt')}
          progress={deleted}
          act={remove}
        >
          {null}
        </AskFirst>
      </Group>
      {tested.state === 'done' && (
        <Text size="sm" role="status" data-tested={tested.result.status ?? 'none'}>
          {answer(tested.result.status)}
        </Text>
      )}
      {rotated.state === 'done' && rotated.result.secret && (
        <Secret secret={rotated.result.secret} />
      )}
      {[switched, rotated, tested].map(
        (one, index) =>
          one.state === 'failed' && <Failure key={String(index)} problem={one.problem} />,
      )}
    </Stack>
  );
}

/** The customer's own receivers: new ones with their secret, and how they answer. */
export function Webhooks({ now }: { now: number }) {
  const { t } = useTranslation();
  const { uid } = useCustomer();
  const live = useLive(useMemo(() => watchWebhooks(uid), [uid]));
  const [url, setUrl] = useState('');
  const [progress, add] = useAction(async () => {
    const made = await saveWebhook({ url: url.trim(), enabled: true });
    setUrl('');
    return made;
  });
  return (
    <Stack gap="md">
      <Text size="sm">{t('webhooks.text')}</Text>
      <LiveList live={live} empty={t('webhooks.none')}>
        {(all) => (
          <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
            {all.map((webhook) => (
              <WebhookRow key={webhook.id} webhook={webhook} now={now} />
            ))}
          </Stack>
        )}
      </LiveList>
      <form
        noValidate
        aria-label={t('webhooks.new')}
        onSubmit={(event) => {
          event.preventDefault();
          return add();
        }}
      >
        <Stack gap="sm">
          <ExactField
            label={t('webhooks.url')}
            description={t('webhooks.urlHint')}
            type="url"
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <Group>
            <Button
              type="submit"
              variant="default"
              disabled={!url.trim()}
              loading={progress.state === 'busy'}
            >
              {t('webhooks.add')}
            </Button>
          </Group>
          {progress.state === 'failed' && <Failure problem={progress.problem} />}
          {progress.state === 'done' && progress.result.secret && (
            <Secret secret={progress.result.secret} />
          )}
        </Stack>
      </form>
    </Stack>
  );
}
