import type {
  V1Container,
  V1ContainerStatus,
  V1EnvVar,
  V1Pod,
  V1PodCondition,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node';

/** The plain data of an object of the API: the library's classes have dates where JSON has texts. */
type Json<T> = T extends Date
  ? string
  : T extends (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

export type PodJson = Json<V1Pod>;
export type ContainerJson = Json<V1Container>;
export type VolumeJson = Json<V1Volume>;
export type VolumeMountJson = Json<V1VolumeMount>;
export type EnvVarJson = Json<V1EnvVar>;
export type ContainerStatus = Json<V1ContainerStatus>;
export type PodCondition = Json<V1PodCondition>;
