/** Who may use a device besides its owner, and what the customer may do with one of another's. */
import type { DocumentData } from 'firebase/firestore';
import { text } from './fields';
import { toMillis } from './times';

/** Each may do what the ones before it may do. */
export const ROLES = ['viewer', 'controller', 'manager'] as const;

export type Role = (typeof ROLES)[number];

/** What the customer may do with a device, and whose it is. */
export interface Access {
  role: Role | 'owner';
  ownerUid: string;
  /** As the owner called themselves when they shared it; empty for no name. */
  ownerName: string;
  /** Milliseconds; undefined where it has no end. */
  expiresAt: number | undefined;
}

/** Of the customer's own devices. */
export function owned(uid: string): Access {
  return { role: 'owner', ownerUid: uid, ownerName: '', expiresAt: undefined };
}

export function mayControl({ role }: Access): boolean {
  return role !== 'viewer';
}

export function mayManage({ role }: Access): boolean {
  return role === 'manager' || role === 'owner';
}

/** A device that another customer shares with this one. */
export interface Share extends Access {
  role: Role;
  deviceId: string;
}

function toRole(role: unknown): Role {
  return ROLES.find((one) => one === role) ?? 'viewer';
}

/** From `users/{uid}/shared/{deviceId}`. */
export function toShare(deviceId: string, data: DocumentData): Share {
  return {
    deviceId,
    role: toRole(data.role),
    ownerUid: text(data.ownerUid),
    ownerName: text(data.ownerName),
    expiresAt: toMillis(data.expiresAt),
  };
}

/** Somebody who may use the customer's device. */
export interface Guest {
  uid: string;
  name: string;
  email: string;
  role: Role;
  expiresAt: number | undefined;
}

/** From `…/devices/{deviceId}/shares/{guestUid}`. */
export function toGuest(uid: string, data: DocumentData): Guest {
  return {
    uid,
    name: text(data.name),
    email: text(data.email),
    role: toRole(data.role),
    expiresAt: toMillis(data.expiresAt),
  };
}

/** An invitation that nobody has accepted yet. */
export interface Invitation {
  id: string;
  /** `owner` for the offer to hand the device over. */
  role: Role | 'owner';
  email: string;
  expiresAt: number | undefined;
}

/** From `…/devices/{deviceId}/invitations/{id}`. */
export function toInvitation(id: string, data: DocumentData): Invitation {
  return {
    id,
    role: data.role === 'owner' ? 'owner' : toRole(data.role),
    email: text(data.email),
    expiresAt: toMillis(data.expireAt),
  };
}

/** The whole link: the functions know its path alone where they are not told the app's address. */
export function wholeLink(link: string, origin: string): string {
  return new URL(link, origin).href;
}
