package election;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager;

/**
 * The files of a checkpoint, written as Spark does, but without a process for each.
 *
 * Hadoop sets the permission of a local file by starting `chmod`, unless it finds its native library, which pyspark
 * lacks: twelve processes at a checkpoint, while the count waits. Java can set it itself. Other file systems are left as
 * they are. Compiled by Janino, which is part of Spark.
 */
public class CheckpointFiles extends FileSystemBasedCheckpointFileManager {
    private final FileSystem local;

    public CheckpointFiles(Path path, Configuration configuration) throws IOException {
        super(path, configuration);
        if (super.fs() instanceof LocalFileSystem) {
            local = new LocalFileSystem(new ThisMachine());
            local.initialize(super.fs().getUri(), configuration);
        } else {
            local = null;
        }
    }

    public FileSystem fs() {
        return local == null ? super.fs() : local;
    }

    private static class ThisMachine extends RawLocalFileSystem {
        public void setPermission(Path path, FsPermission permission) throws IOException {
            Files.setPosixFilePermissions(
                pathToFile(path).toPath(), PosixFilePermissions.fromString(permission.toString())
            );
        }
    }
}
