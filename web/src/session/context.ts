import { createContext, useContext } from 'react';
import type { Live } from '../backend/insist';
import type { Device } from '../model/device';
import type { Profile } from '../model/profile';

export interface Customer {
  uid: string;
  email: string;
  emailVerified: boolean;
  /** Otherwise Google knows them. */
  hasPassword: boolean;
  profile: Live<Profile | undefined>;
  /** All devices, their own and those that others share with them. */
  devices: Live<Device[]>;
  /** Ids of devices that were shared with the customer a moment ago. */
  ended: ReadonlySet<string>;
  /** Whether what is shown may be out of date, for there is no connection. */
  cutOff: boolean;
}

export const CustomerContext = createContext<Customer | undefined>(undefined);

/** On the pages behind sign-in. */
export function useCustomer(): Customer {
  const customer = useContext(CustomerContext);
  if (!customer) throw new Error('Only pages behind sign-in have a customer');
  return customer;
}
