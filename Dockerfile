# One image for the four scripts and for Spark's master and workers, which pip's pyspark carries.

FROM python:3.13-slim AS java
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends openjdk-21-jre-headless \
 && rm -rf /var/lib/apt/lists/*

FROM java AS packages
WORKDIR /build
COPY requirements.lock .
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install -q --disable-pip-version-check --require-hashes -r requirements.lock
# Half of what pip brings, and nothing here uses: machine learning, graphs, Hive, Kubernetes, YARN, Connect, the Scala
# shell; services of Arrow, tests, headers, a notebook's map. A pattern that matches nothing stops the build.
SHELL ["/bin/bash", "-ec"]
RUN cd /opt/venv/lib/python3*/site-packages; rm -r \
    pyspark/{examples,data,jars/connect-repl} pydeck/nbextension {pandas,numpy,numpy/*}/tests \
    pyarrow/{include,tests,libarrow_flight*,_flight*,_substrait*} \
    pyspark/jars/spark-{mllib,graphx,hive,kubernetes,yarn,connect,repl,pipelines}* \
    pyspark/jars/{hive-,datanucleus-,derby,breeze,spire,cats-,lapack-,arpack,blas-,JTransforms-}* \
    pyspark/jars/{kubernetes-,volcano-,vertx-,zjsonpatch-,algebra_,scala-compiler-,jline-}* \
    pyspark/jars/netty-*-{osx,windows}-*
# Spark's Kafka connector, checked against jars.lock.
COPY election/__init__.py election/
COPY election/model/errors.py election/model/
COPY election/platform/jars.lock election/platform/jars.py election/platform/java.py election/platform/
RUN /opt/venv/bin/python -m election.platform.jars spark /opt/jars

FROM java
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SPARK_JARS_DIR=/opt/jars \
    SPARK_CONF_DIR=/app/deploy/spark \
    SPARK_CHECKPOINT_DIR=/var/lib/election/checkpoints \
    HEALTH_FILE=/tmp/healthy
# Folders that volumes are mounted on: a new volume takes over the owner.
RUN useradd --uid 10001 --no-create-home election \
 && install -d -o election -g election /var/lib/election/checkpoints /var/lib/election/spark-master
COPY --from=packages /opt/jars /opt/jars
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
# bash refuses the line ends of a Windows checkout.
RUN sed -i 's/\r$//' deploy/*.sh deploy/*/*.sh
USER election
CMD ["python", "main.py"]
