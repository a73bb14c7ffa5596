{{- define "bide.name" -}}
{{- if contains "bide" .Release.Name -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{- else -}}{{ printf "%s-bide" .Release.Name | trunc 50 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{- define "bide.selector" -}}
app.kubernetes.io/name: bide
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "bide.labels" -}}
{{ include "bide.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- /* "yes" with PostgreSQL, nothing with SQLite. What cannot work is refused here, before anything is installed. */ -}}
{{- define "bide.hasDatabase" -}}
{{- $database := .Values.database -}}
{{- if and $database.url $database.existingSecret -}}{{ fail "database.url and database.existingSecret name two databases: give one" }}{{- end -}}
{{- if or $database.url $database.existingSecret -}}yes{{- else -}}
{{- if gt (int .Values.server.replicas) 1 -}}{{ fail "server.replicas above 1 needs database.url or database.existingSecret: SQLite belongs to one process" }}{{- end -}}
{{- if gt (int .Values.worker.replicas) 0 -}}{{ fail "worker.replicas needs database.url or database.existingSecret: SQLite belongs to one process" }}{{- end -}}
{{- if not .Values.server.runsJobs -}}{{ fail "server.runsJobs false needs database.url or database.existingSecret: nobody else could run the jobs" }}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "bide.secret" -}}
{{ .Values.database.existingSecret | default (printf "%s-database" (include "bide.name" .)) }}
{{- end -}}

{{- /* Takes a dict: root, part (server or worker), args of bide. */ -}}
{{- define "bide.podTemplate" -}}
{{- $root := .root -}}
{{- $part := index $root.Values .part -}}
metadata:
  labels:
    {{- include "bide.selector" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .part }}
  annotations:
    checksum/config: {{ $root.Values.config | sha256sum }}
    {{- with $root.Values.database.url }}
    checksum/database: {{ . | sha256sum }}
    {{- end }}
    {{- with $root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    runAsGroup: 1000
    fsGroup: 1000
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: { type: RuntimeDefault }
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: bide
      image: {{ printf "%s:%s" $root.Values.image.repository ($root.Values.image.tag | default $root.Chart.AppVersion) | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args:
        {{- toYaml (concat .args $part.args) | nindent 8 }}
      {{- $hasDatabase := include "bide.hasDatabase" $root }}
      {{- if or $hasDatabase $part.env }}
      env:
        {{- if $hasDatabase }}
        - name: BIDE_DATABASE
          valueFrom:
            secretKeyRef: { name: {{ include "bide.secret" $root }}, key: url }
        {{- end }}
        {{- with $part.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      {{- if eq .part "server" }}
      ports:
        - { name: http, containerPort: 7070 }
      startupProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: http }
        periodSeconds: 2
        timeoutSeconds: 3
        failureThreshold: 2
      lifecycle:
        preStop:
          exec: { command: [sleep, {{ $root.Values.preStopSeconds | quote }}] }
      {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      resources:
        {{- toYaml $part.resources | nindent 8 }}
      volumeMounts:
        - { name: data, mountPath: /data }
        - { name: tmp, mountPath: /tmp }
        - { name: config, mountPath: /config, readOnly: true }
        {{- with $root.Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    - name: config
      configMap: { name: {{ include "bide.name" $root }} }
    {{- if $hasDatabase }}
    - name: data
      emptyDir: {}
    {{- end }}
    {{- with $root.Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $root.Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $root.Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
