package io.vhdxd.server.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * SIGTERM and SIGINT. The first asks to stop, the second to hurry, the third ends the process at once; what was answered is
 * safe even then (promise R1).
 */
final class StopSignals {
    private final CountDownLatch first = new CountDownLatch(1);
    private final AtomicInteger count = new AtomicInteger();
    private final Runnable hurry;

    /** @param hurry is run at the second signal; must be quick */
    private StopSignals(Runnable hurry) {
        this.hurry = hurry;
    }

    static StopSignals install(Runnable hurry) {
        StopSignals signals = new StopSignals(hurry);
        signals.handle("TERM");
        signals.handle("INT");
        return signals;
    }

    void awaitFirst() throws InterruptedException {
        first.await();
    }

    private void received() {
        switch (count.incrementAndGet()) {
            case 1 -> first.countDown();
            case 2 -> hurry.run();
            default -> Runtime.getRuntime().halt(ExitCode.FAIL_STOP.number());
        }
    }

    /** The class for signals is part of the module jdk.unsupported; the compiler warns of it wherever it is named. */
    private void handle(String signal) {
        try {
            Class<?> signalClass = Class.forName("sun.misc.Signal");
            Class<?> handlerClass = Class.forName("sun.misc.SignalHandler");
            Object handler = Proxy.newProxyInstance(
                    StopSignals.class.getClassLoader(), new Class<?>[] {handlerClass}, (proxy, method, arguments) -> {
                        received();
                        return null;
                    });
            signalClass
                    .getMethod("handle", signalClass, handlerClass)
                    .invoke(null, signalClass.getConstructor(String.class).newInstance(signal), handler);
        } catch (ReflectiveOperationException e) {
            Throwable cause = e instanceof InvocationTargetException wrapped ? wrapped.getCause() : e;
            throw new IllegalStateException("SIG" + signal + " cannot be handled", cause);
        }
    }
}
