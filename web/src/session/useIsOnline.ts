import type { Device } from '../model/device';
import { presence } from '../model/presence';
import { useCustomer } from './context';

/** Whether what the device published last can be taken for its present state. */
export function useIsOnline(device: Device, now: number): boolean {
  const { cutOff } = useCustomer();
  return !cutOff && presence(device, now) === 'online';
}
