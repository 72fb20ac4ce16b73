import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.GZIPOutputStream;

/** Compresses standard input by Java's own GZIPOutputStream, as jib and other Java tools do. */
public final class GzipStream {
  private static final int WRITE_BYTES = 32 * 1024;

  private GzipStream() {}

  public static void main(String[] arguments) throws IOException {
    try (OutputStream out = new GZIPOutputStream(new BufferedOutputStream(System.out))) {
      while (true) {
        byte[] piece = System.in.readNBytes(WRITE_BYTES);
        if (piece.length == 0) return;
        out.write(piece);
      }
    }
  }
}
