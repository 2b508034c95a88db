import { Alert, AspectRatio, Button, Stack, Text } from '@mantine/core';
import decodeQR from 'qr/decode.js';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Label, labelInScan } from '../model/label';

/** Pixels; enough for a label that fills a third of the picture, and quick on a cheap phone. */
const WIDTH = 640;

type Trouble = 'refused' | 'missing' | 'foreign';

function troubleOf(error: unknown): Trouble {
  const name = error instanceof DOMException ? error.name : '';
  return name === 'NotAllowedError' || name === 'SecurityError' ? 'refused' : 'missing';
}

/** The text of a QR code in the picture; undefined when there is none to be read. */
function read(video: HTMLVideoElement, canvas: HTMLCanvasElement): string | undefined {
  if (video.videoWidth === 0) return undefined;
  canvas.width = Math.min(WIDTH, video.videoWidth);
  canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return undefined;
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  try {
    return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height));
  } catch {
    // The decoder's way to say that this picture shows none; the next one may.
    return undefined;
  }
}

interface ScannerProps {
  found: (label: Label) => void;
  cancel: () => void;
}

/** The camera's picture, until it shows a label. Pictures stay on this device. */
export default function Scanner({ found, cancel }: ScannerProps) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const [trouble, setTrouble] = useState<Trouble>();
  const done = useRef(found);
  done.current = found;
  useEffect(() => {
    const shown = video.current;
    if (!shown) return;
    const canvas = document.createElement('canvas');
    let stream: MediaStream | undefined;
    let frame = 0;
    let left = false;
    const look = () => {
      const text = read(shown, canvas);
      const label = text === undefined ? undefined : labelInScan(text);
      if (label) {
        done.current(label);
        return;
      }
      if (text !== undefined) setTrouble('foreign');
      frame = requestAnimationFrame(look);
    };
    const start = async () => {
      // Only pages with a secure address have cameras.
      if (!navigator.mediaDevices) throw new DOMException('', 'SecurityError');
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      if (left) return stop();
      shown.srcObject = stream;
      await shown.play();
      frame = requestAnimationFrame(look);
    };
    const stop = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    start().catch((error: unknown) => {
      if (!left) setTrouble(troubleOf(error));
    });
    return () => {
      left = true;
      cancelAnimationFrame(frame);
      stop();
    };
  }, []);
  return (
    <Stack gap="sm">
      {trouble && (
        <Alert color="yellow" role="status" data-scanner={trouble}>
          <Text size="sm">{t(`scanner.${trouble}`)}</Text>
        </Alert>
      )}
      {(!trouble || trouble === 'foreign') && (
        <>
          <Text size="sm" role="status">
            {t('scanner.look')}
          </Text>
          <AspectRatio ratio={4 / 3}>
            <video ref={video} muted playsInline aria-label={t('scanner.picture')} />
          </AspectRatio>
        </>
      )}
      <Button variant="default" onClick={cancel}>
        {t('scanner.cancel')}
      </Button>
    </Stack>
  );
}
