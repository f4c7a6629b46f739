"""The files of a checkpoint: written with their permission and checksum, and without a process for each."""

from pathlib import Path

import pytest

from election.counting.functions import FILE_MANAGER, use_checkpoint_files
from election.counting.session import process_id

PACKAGE = "org.apache.spark.sql.execution.streaming.checkpointing"
SPARKS_OWN = f"{PACKAGE}.FileSystemBasedCheckpointFileManager"


def of_ended_children(spark) -> int:
    """Pages that ended child processes of Spark's JVM had touched, all together: more with each (proc(5), cminflt)."""
    return int(Path(f"/proc/{process_id(spark)}/stat").read_text().rpartition(")")[2].split()[8])


def write(spark, path: Path) -> None:
    """As Spark writes its log of offsets: with the manager that is set, to another name first."""
    target = spark._jvm.org.apache.hadoop.fs.Path(str(path))
    manager = spark._jvm.org.apache.spark.sql.execution.streaming.checkpointing.CheckpointFileManager.create(
        target, spark._jsparkSession.sessionState().newHadoopConf()
    )
    manager.mkdirs(target.getParent())
    stream = manager.createAtomic(target, False)
    stream.writeBytes("v1")
    stream.close()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="counts the JVM's child processes in Linux's /proc")
def test_no_process_is_started_for_a_file(spark, tmp_path):
    use_checkpoint_files(spark, tmp_path)
    before = of_ended_children(spark)
    write(spark, tmp_path / "ours" / "0")
    assert of_ended_children(spark) == before
    spark.conf.set(FILE_MANAGER, SPARKS_OWN)
    write(spark, tmp_path / "sparks" / "0")
    assert of_ended_children(spark) > before


def test_the_file_has_its_permission_and_its_checksum(spark, tmp_path):
    use_checkpoint_files(spark, tmp_path)
    write(spark, tmp_path / "offsets" / "0")
    file, checksum = tmp_path / "offsets" / "0", tmp_path / "offsets" / ".0.crc"
    assert sorted((tmp_path / "offsets").iterdir()) == sorted([file, checksum])
    assert file.read_text() == "v1"
    assert file.stat().st_mode & 0o777 == 0o644
    assert file.parent.stat().st_mode & 0o777 == 0o755


def test_a_query_goes_on_from_its_checkpoint(spark, tmp_path):
    use_checkpoint_files(spark, tmp_path)
    words = tmp_path / "words"
    words.mkdir()
    for round_ in range(2):
        (words / f"{round_}.txt").write_text("a\nb\na\n")
        query = (
            spark.readStream.text(str(words))
            .groupBy("value")
            .count()
            .writeStream.format("memory")
            .queryName(f"words_{round_}")
            .outputMode("complete")
            .option("checkpointLocation", str(tmp_path / "checkpoint"))
            .trigger(availableNow=True)
            .start()
        )
        assert query.awaitTermination(120)
        assert query.exception() is None
    assert dict(spark.table("words_1").collect()) == {"a": 4, "b": 2}
    assert list((tmp_path / "checkpoint").rglob("*.changelog"))
