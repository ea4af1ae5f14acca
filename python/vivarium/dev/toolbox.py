"""Which tools for development a worker has, and when each has its turn: before the application is loaded, when it
is loaded or cannot be, and when the worker ends. Settings: DevelopmentSettings in src/config/configuration.ts."""

import os


class Toolbox:
    def __init__(self, settings, lifeline):
        self._settings = settings
        self._reporter = None
        self._debugger = None
        self._report_failure = None
        # What has something to write when the worker ends.
        self._writers = []
        if settings['coverageDirectory'] is not None:
            from .line_coverage import LineCoverage

            self._writers.append(LineCoverage(settings['coverageDirectory']))
        if settings['debugger'] or os.isatty(0):
            from .debugger import Debugger, break_on_terminal, restore_terminal_at_exit

            restore_terminal_at_exit()
            if settings['debugger']:
                self._debugger = Debugger()
            else:
                break_on_terminal()
        if settings['tracebackPages']:
            from ..wsgi import Responder
            from .failure_report import report_failure

            self._report_failure = report_failure
            Responder.report_failure = staticmethod(report_failure)
        if settings['reloadOnChanges']:
            from .sources import SourceReporter

            self._reporter = SourceReporter(lifeline)
            self._reporter.start()

    def loaded(self, application):
        """The application to be run: the one that was loaded, in the wrappings of the tools."""
        if self._reporter is not None:
            self._reporter.report()
        settings = self._settings
        # The innermost first: the debugger is to see the application and none of the other tools.
        if self._debugger is not None:
            application = self._debugger.wrap(application, settings['debuggerStartup'])
        if settings['profilerDirectory'] is not None:
            from .profiler import Profiler

            application = Profiler(application, settings['profilerDirectory'])
            self._writers.append(application)
        if settings['recorderDirectory'] is not None:
            from .recorder import Recorder

            application = Recorder(application, settings['recorderDirectory'])
        return application

    def not_loaded(self, error):
        """Returns the report of the failure, if it is wanted."""
        if self._reporter is not None:
            from .sources import files_of_failure

            self._reporter.report(files_of_failure(error))
        return None if self._report_failure is None else self._report_failure(error)

    def close(self):
        for writer in self._writers:
            writer.close()
