/** The configuration when there is no file: open to this machine only, data below the working directory. */
export const DEFAULT_CONFIG_TEXT = `version: 0.1
storage:
  filesystem:
    rootdirectory: ./data
  delete:
    enabled: true
http:
  addr: 127.0.0.1:5000
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;
