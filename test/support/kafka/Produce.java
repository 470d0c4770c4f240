import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own producer, which knows every codec. Arguments: bootstrap servers, then topic:codec pairs.
 * Standard input: lines of base64, each sent to every topic, in large batches.
 */
class Produce {
  public static void main(String[] args) throws Exception {
    var lines = new String(System.in.readAllBytes(), StandardCharsets.US_ASCII).split("\n", -1);
    for (int at = 1; at < args.length; at++) {
      var pair = args[at].split(":");
      Map<String, Object> settings =
          Map.of(
              "bootstrap.servers", args[0],
              "compression.type", pair[1],
              "batch.size", 1 << 18,
              "linger.ms", 50);
      var bytes = new ByteArraySerializer();
      try (var producer = new KafkaProducer<byte[], byte[]>(settings, bytes, bytes)) {
        for (var line : lines) {
          producer.send(new ProducerRecord<>(pair[0], 0, null, Base64.getDecoder().decode(line)));
        }
      }
    }
  }
}
