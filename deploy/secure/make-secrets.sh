#!/bin/bash
# Makes, once, what deploy/secure/compose.yml needs: an authority, certificates for Kafka and PostgreSQL that it signed, and a
# password for each login. Every folder of FOLDER is a volume that only its own service gets. The authority's key is
# thrown away: nobody can sign more.
#   make-secrets.sh FOLDER
set -euo pipefail
umask 077
cd "$1"
if [ -e admin/made ]; then exit 0; fi

SCRIPTS=10001 KAFKA=1000 POSTGRES=999   # the users in the images
DAYS=3650
work=$(mktemp -d)

# give OWNER FILE < text
give() { rm -f "$2"; cat > "$2"; chmod 600 "$2"; chown "$1" "$2"; }

password() { openssl rand -hex 24; }

# certificate NAME: NAME.key and NAME.crt in the work folder, for the host NAME and for this machine
certificate() {
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key"
  openssl req -new -key "$work/$1.key" -subj "/CN=$1" -out "$work/$1.csr"
  printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' "$1" > "$work/$1.ext"
  openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial \
    -days "$DAYS" -extfile "$work/$1.ext" -out "$work/$1.crt" 2> /dev/null
}

openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/ca.key"
openssl req -x509 -new -key "$work/ca.key" -subj "/CN=Election authority" -days "$DAYS" -out "$work/ca.crt"
certificate kafka
certificate postgres
rm "$work/ca.key"
install -m 444 "$work/ca.crt" ca/ca.crt

for login in main voting spark-streaming streamlit-app auditor; do
  for system in kafka postgres; do
    password > "$work/password"
    give "$SCRIPTS" "$login/$system" < "$work/password"
    mkdir -p "admin/$system" && chmod 755 "admin/$system"
    give "$SCRIPTS" "admin/$system/$login" < "$work/password"
  done
done

password > "$work/kafka-admin"
give "$SCRIPTS" admin/kafka-admin < "$work/kafka-admin"
cat "$work/kafka.key" "$work/kafka.crt" | give "$KAFKA" kafka/kafka.pem
give "$KAFKA" kafka/ca.crt < "$work/ca.crt"
give "$KAFKA" kafka/server.properties << END
ssl.keystore.type=PEM
ssl.keystore.location=/mnt/shared/config/kafka.pem
ssl.truststore.type=PEM
ssl.truststore.location=/mnt/shared/config/ca.crt
listener.name.containers.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
username="admin" password="$(cat "$work/kafka-admin")";
listener.name.host.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
END
# The storage is formatted with the first user in it, who makes the others.
give "$KAFKA" kafka/format.properties << END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@localhost:9093
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://:9092,CONTROLLER://localhost:9093
log.dirs=/var/lib/kafka/data
END
give "$KAFKA" kafka/format.arguments << END
--config
/mnt/shared/config/format.properties
--cluster-id=$(openssl rand -base64 16 | tr '+/' '-_' | tr -d =)
--add-scram
SCRAM-SHA-512=[name=admin,password=$(cat "$work/kafka-admin")]
END

password > "$work/postgres-admin"
give "$SCRIPTS" admin/postgres-admin < "$work/postgres-admin"
give "$POSTGRES" postgres/password < "$work/postgres-admin"
give "$POSTGRES" postgres/postgres.key < "$work/postgres.key"
give "$POSTGRES" postgres/postgres.crt < "$work/postgres.crt"
# A login has no business in the server's other databases, where nobody has said what it may.
give "$POSTGRES" postgres/pg_hba.conf << END
local   all all     peer
hostssl postgres,template1 main,voting,"spark-streaming","streamlit-app",auditor all reject
hostssl all all all scram-sha-256
END

touch admin/made
