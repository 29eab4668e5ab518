#!/usr/bin/env bash
# Makes passwords, the files that hold them, and a self-signed certificate for compose.yaml. What is there
# already is kept, so that running it again never locks anybody out.
#
#   deploy/compose/make-secrets.sh [FOLDER]     FOLDER: deploy/compose/secrets
set -euo pipefail
folder=${1:-$(dirname "$0")/secrets}

mkdir -p "$folder"
chmod 0700 "$folder"
cd "$folder"
# The folder is closed to others on the host; in a container a file belongs to whoever made it here, so everybody there
# must be able to read it.
umask 022

# Letters and digits only: the passwords stand in URLs.
password() { openssl rand -hex 24; }
keep_or_write() { if [ ! -s "$1" ]; then printf '%s' "$2" >"$1"; fi; }

keep_or_write rabbitmq-password "$(password)"
keep_or_write postgres-password "$(password)"
keep_or_write s3-user twitchy
keep_or_write s3-password "$(password)"

printf 'default_user = twitchy\ndefault_pass = %s\n' "$(cat rabbitmq-password)" >rabbitmq.conf
cat >twitchy.yaml <<END
amqp-url: "amqp://twitchy:$(cat rabbitmq-password)@rabbitmq:5672/%2F"
database-url: "postgres://twitchy:$(cat postgres-password)@postgres:5432/twitchy"
END
cat >s3.env <<END
TWITCHY_S3_ACCESS_KEY_ID=$(cat s3-user)
TWITCHY_S3_SECRET_ACCESS_KEY=$(cat s3-password)
END

if [ ! -s tls.key ] || [ ! -s tls.crt ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
        -subj "/CN=localhost" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
        -keyout tls.key -out tls.crt 2>/dev/null
fi
# openssl makes keys for their owner alone.
chmod 0644 tls.key
echo "Secrets are in $folder. Put your own certificate in tls.crt and tls.key for other names than localhost."
